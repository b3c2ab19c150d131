"""The proof that nothing acknowledged is lost: servers killed at random moments under load."""
