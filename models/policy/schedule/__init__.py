"""The days of a rep's week: which open action is done on which day, in which order, at what time."""
