"""A simulated detector with known errors."""
