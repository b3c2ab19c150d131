"""What plans claim to be worth beside what they are worth."""
