"""Closed-loop evaluation: rollouts, their statistics, the suite and its report."""
