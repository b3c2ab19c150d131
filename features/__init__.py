"""What we know about an account, when we knew it."""
