"""Policies over a websocket, in the protocol of openpi: a server for ours, a client for any."""
