"""The proof that no request breaks the service: thousands of generated ones, hand-made hostile ones."""
