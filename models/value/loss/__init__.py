"""Revenue lost to churn, past and expected."""
