"""What churn has cost in a period, with what it is expected to cost in the next."""
