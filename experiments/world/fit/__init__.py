"""Fitting the world's order marginals to real stores, and saying how well that went."""
