"""Overlap of two boxes (left, top, right, bottom) in plain Python: the oracle of the demo's geometry."""


def intersection(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0)


def overlap(a, b):
    shared = intersection(a, b)
    return shared / (intersection(a, a) + intersection(b, b) - shared)
