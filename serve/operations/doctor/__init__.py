"""Checks that everything the service needs exists and works."""
