"""Expected margin of accounts, value at risk, net value of actions."""
