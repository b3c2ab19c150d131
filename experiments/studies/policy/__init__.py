"""Policies lived in the simulated world: same guardrails, duties, allocator, luck."""
