"""The vocabulary of kqml (客情 machine learning), shared by every layer above it."""
