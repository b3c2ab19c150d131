"""Who may ask, how it looks."""
