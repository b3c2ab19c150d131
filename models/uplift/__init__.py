"""What actions change: decision data, a doubly robust learner for several actions, honest intervals."""
