"""The Python client of the HTTP API."""

from kqml.client.client import Client
from kqml.client.refusals import ApiProblem, ItemError, Unreachable
from kqml.client.sending import Patience

__all__ = ["ApiProblem", "Client", "ItemError", "Patience", "Unreachable"]
