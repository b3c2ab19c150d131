"""Who may ask, what of it they may see."""
