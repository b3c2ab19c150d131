"""How we know it works."""
