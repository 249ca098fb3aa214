"""Where observations come from: recordings, cameras, arms."""
