"""Error types and failure modes: from errors to a ranked list."""
