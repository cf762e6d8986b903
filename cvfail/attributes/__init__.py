"""Attributes from boxes, neighbours, pixels and files; joins and bins of any others."""
