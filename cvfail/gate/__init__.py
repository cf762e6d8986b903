"""The gate: rules that a new model must keep, judged pass, fail or investigate against a baseline."""
