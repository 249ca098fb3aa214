"""Intervals, tests and power; knows nothing of policies or simulators."""
