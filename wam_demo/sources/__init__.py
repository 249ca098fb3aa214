"""Where observations come from besides the simulator: recordings and cameras."""
