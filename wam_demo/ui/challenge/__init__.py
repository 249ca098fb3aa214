"""The challenge: make a policy fail with at most three disturbances, the smaller the better."""
