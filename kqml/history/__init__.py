"""One in-memory event history: columns, builders, links between events."""
