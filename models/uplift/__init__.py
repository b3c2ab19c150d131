"""Uplift: decision data, a doubly robust CATE learner for several actions, intervals of effects."""
