"""What an account is worth if it stays, what an action is worth after its cost."""
