"""Where observations come from besides the simulator: recordings, cameras."""
