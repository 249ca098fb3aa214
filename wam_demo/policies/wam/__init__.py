"""World action models: `wam`, and `agra`, which is the same network with aligned features."""
