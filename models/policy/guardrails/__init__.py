"""What may be done with an account in a week, by which rule not."""
