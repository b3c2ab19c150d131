"""From somebody's files to a dataset: mapping, reading, checking, reporting."""
