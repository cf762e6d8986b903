"""Why modes fail: each cause claims a share of the errors of a mode, with its evidence."""
