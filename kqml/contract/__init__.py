"""The types of the HTTP API: the service answers with them, the Python client returns them."""
