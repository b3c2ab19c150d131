"""How small a change an experiment can show, before it is run."""
