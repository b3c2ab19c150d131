"""What a policy would have been worth, from decisions that another one made with known chances."""
