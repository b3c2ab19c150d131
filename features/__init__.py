"""Features and labels of accounts, each from what was known before its cutoff."""
