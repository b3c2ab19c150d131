"""Business time, working days, festivals."""
