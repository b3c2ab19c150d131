"""Accuracy of CATE learners: in the simulated world against its truth, and on a public panel of rep calls."""
