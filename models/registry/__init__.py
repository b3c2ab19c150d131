"""Model versions in MLflow: the only package that imports MLflow, and only inside functions."""
