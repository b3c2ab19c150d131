"""Chance in decisions: who explores, with which probability each action was chosen, who is held out."""
