"""Label errors: which labels are probably wrong, what that costs, and how to have them reviewed."""
