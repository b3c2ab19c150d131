"""The pages of `docs/` that are generated: `python -m experiments.docs` writes them, a test finds stale ones."""
