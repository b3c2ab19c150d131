"""The text output of the larger commands, one module per command."""
