"""Curves over the score threshold, from the stored outcomes: one sort, all thresholds at once, ties in one piece."""
