"""Flags of recorded episodes that a person should look at before a policy learns from them, each with its reason."""
