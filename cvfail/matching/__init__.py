"""How predictions are matched to ground truth: the policy and the protocol."""
