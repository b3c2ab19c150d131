"""What we predict; what we would do."""
