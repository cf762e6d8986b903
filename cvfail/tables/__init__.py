"""What each table is, declared once; validation; identifiers; columns as arrays."""
