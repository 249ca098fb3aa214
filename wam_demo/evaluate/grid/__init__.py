"""A grid that is played, journalled and compared."""
