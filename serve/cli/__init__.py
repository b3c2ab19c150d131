"""The command line: one module a command, which parses, calls a use case, prints the result."""
