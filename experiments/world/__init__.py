"""The simulated field-sales world: ground truth for effects, policies and evaluation (its model is in README.md)."""
