"""A connected arm: the wire to its bridge process, the client, and the bridge as a source."""
