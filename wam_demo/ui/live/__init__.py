"""The Live tab: one episode on the page, watched, disturbed, probed."""
