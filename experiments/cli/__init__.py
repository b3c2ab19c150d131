"""The commands that simulate a company."""

COMMANDS = ("simulate", "demo")
