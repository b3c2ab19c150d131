"""Policy study: policies compared in the simulated world with equal guardrails, duties, allocator and random draws."""
