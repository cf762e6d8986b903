"""Confusion, rates, average precision, classification."""
