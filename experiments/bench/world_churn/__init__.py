"""How the churn of a simulated world is measured."""
