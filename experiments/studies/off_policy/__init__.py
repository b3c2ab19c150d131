"""Off-policy evaluation against the truth of the world, on public bandit logs."""
