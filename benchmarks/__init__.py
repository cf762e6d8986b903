"""Timings of cvfail beside other tools, on data from a seeded generator."""
