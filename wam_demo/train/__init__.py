"""Training: cached batches, one loop, one recipe per model. Never imported by what runs the demo."""
