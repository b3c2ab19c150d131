"""Operations of an installation: check-up, backup, restore."""
