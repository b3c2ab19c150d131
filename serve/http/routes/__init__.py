"""The addresses that are answered, a module for each kind of thing."""
