"""What learners of effects find: in the simulated world, against its truth; in a public panel of rep calls."""
