"""Guardrails: which actions are allowed for an account in a week, and the rule that blocks the others."""
