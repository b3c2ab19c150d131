"""Backups of an installation."""
