"""DuckDB over the tables, views and macros of an evaluation."""
