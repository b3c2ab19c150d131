"""The same features by several engines: what `python -m experiments.bench features` runs, each in its own process."""
