"""Policies judged in their own dreams, beside the simulator."""
