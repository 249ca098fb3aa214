"""Policies and what runs them: the batched inference engine and receding-horizon execution."""
