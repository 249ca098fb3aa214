"""Blind comparisons: matches, votes, scores."""
