"""World action models, live: imagine, attend, act, and be disturbed."""

__version__ = "0.1.0"
