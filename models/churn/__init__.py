"""The churn model: training, evaluation, scoring, reasons."""
