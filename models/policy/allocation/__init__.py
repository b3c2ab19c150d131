"""Allocation of actions to accounts within each rep's minutes, stops and budget."""
