"""The simulated field-sales world: the referee of effects, policies, evaluation (its model is in README.md)."""
