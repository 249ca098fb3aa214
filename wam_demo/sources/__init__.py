"""Where observations come from besides the simulator."""
