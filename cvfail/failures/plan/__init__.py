"""The plan for one failure mode: define, look, act, verify, guard; and the check that it worked."""
