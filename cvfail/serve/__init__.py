"""The report over a local, read-only database, for sets that are too large for one file."""
