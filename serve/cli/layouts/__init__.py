"""What the larger commands show: one module a command, from its result to lines and tables."""
