"""What a rep needs to know before an action: why now, what is open, what to ask, what to offer."""
