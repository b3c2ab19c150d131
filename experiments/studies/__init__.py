"""Studies in the simulated world: uplift, off-policy evaluation, policies."""
