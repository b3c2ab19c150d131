"""What a randomised trial says: which arm is worth it, for whom, whether choosing by person pays."""
