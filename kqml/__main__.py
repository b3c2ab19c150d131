"""The entry point: `python -m kqml`."""

from kqml.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
