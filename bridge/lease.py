"""One commander at a time: a lease that ends with its connection, or when its holder falls silent."""

from __future__ import annotations

from bridge.command import Refusal

LEASE_S = 2.0
"""A holder who says nothing for this long has lost the lease [s]."""


class Lease:
    """Who may command."""

    def __init__(self) -> None:
        self._client: int | None = None
        self._name = ""
        self._heard = 0.0

    def holder(self, now: float) -> int | None:
        """Number of the client that holds it, if anybody does."""
        return self._client if self._client is not None and now - self._heard <= LEASE_S else None

    def name(self, now: float) -> str:
        """Name of the holder; empty if there is none."""
        return self._name if self.holder(now) is not None else ""

    def take(self, client: int, name: str, now: float) -> None:
        """Take it; raises `Refusal` while another client holds it."""
        if self.holder(now) not in (None, client):
            raise Refusal("not_holder", f"{self._name!r} commands the arm")
        self._client, self._name, self._heard = client, name, now

    def heard(self, client: int, now: float) -> None:
        """A holder who speaks keeps it."""
        if self.holder(now) == client:
            self._heard = now

    def require(self, client: int, now: float) -> None:
        """Raises `Refusal` unless this client holds it."""
        if self.holder(now) != client:
            raise Refusal("not_holder", f"{self.name(now) or 'nobody'!r} commands the arm: take the lease first")

    def release(self, client: int | None = None) -> bool:
        """Give it up, of whoever holds it by default; returns whether somebody did."""
        if self._client is None or (client is not None and client != self._client):
            return False
        self._client = None
        return True
