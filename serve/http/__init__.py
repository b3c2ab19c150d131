"""The HTTP API: parses a request, calls a use case, serialises the result."""
