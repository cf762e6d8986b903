"""Which objects an image shows, where, and under which conditions it is taken."""
