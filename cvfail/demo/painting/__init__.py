"""From scenes to pictures; needs Pillow."""
