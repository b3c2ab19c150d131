"""Webhooks: messages to other systems about changes."""
