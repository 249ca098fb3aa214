"""The Blind A/B tab."""
