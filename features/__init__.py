"""Features and labels of accounts, each from data known before its cutoff."""
