"""Intervals, clustered variance, bootstrap weights, multiplicity."""
