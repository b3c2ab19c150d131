"""The label audit: whether a churn definition fits the history it is asked of."""
