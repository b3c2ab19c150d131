"""The Python client of the HTTP API."""

from kqml.client.client import Client
from kqml.client.sending import ApiProblem, ItemError, RetryPolicy, Unreachable

__all__ = ["ApiProblem", "Client", "ItemError", "RetryPolicy", "Unreachable"]
