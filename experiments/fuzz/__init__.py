"""Fuzzing of the service: thousands of generated requests and hand-made hostile ones."""
