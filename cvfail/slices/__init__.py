"""Attributes and slices: where a model fails."""
