"""Which account gets which package of a rep's week, within the hours there are."""
