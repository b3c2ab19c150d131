"""What the product does: one module a use case."""
