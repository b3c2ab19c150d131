"""The label audit: whether a churn definition fits a history."""
