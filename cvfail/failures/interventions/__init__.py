"""What to do about a failure mode: rules of a readable table, with predicted gains and how to check them."""
