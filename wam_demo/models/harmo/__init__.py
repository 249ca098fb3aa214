"""HarmoWAM: two experts beside a frozen world model, and a gate that says which one drives."""
