"""HarmoWAM as policies: its gate decides which expert drives, or one of them is forced."""
