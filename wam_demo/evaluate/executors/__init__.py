"""Where and how episodes are played."""
