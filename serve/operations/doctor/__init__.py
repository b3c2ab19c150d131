"""Whether everything that the service needs is there and works."""
