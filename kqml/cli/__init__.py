"""The command line: the roof over every layer, one module a command."""

from kqml.cli.app import main

__all__ = ["main"]
