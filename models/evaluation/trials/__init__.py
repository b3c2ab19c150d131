"""Analysis of a randomised trial: the value of each arm, for whom, and whether personalising pays."""
