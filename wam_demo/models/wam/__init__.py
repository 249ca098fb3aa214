"""The world action model: a video transformer, an action transformer that reads it, alignment, imagination."""
