"""Versions of the model in MLflow: the only package that imports it, and only when a function is called."""
