"""Everything that can stand in a street, as solids made of flat faces."""
