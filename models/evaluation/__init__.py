"""Evaluation of actions: logged policies, randomised trials, the design of experiments."""
