"""Copies of an installation that another one can be made from."""
