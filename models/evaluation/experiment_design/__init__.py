"""Power analysis: the smallest change that an experiment can detect, before it is run."""
