"""Off-policy evaluation: the value of a target policy, from decisions of another policy with known propensities."""
