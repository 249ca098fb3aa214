"""Which policy server this process uses, from what its operator has set."""

from __future__ import annotations

import os

from wam_demo.errors import InvalidInputError
from wam_demo.policies.remote.client import RemoteConfig

SERVER_VARIABLE = "WAM_DEMO_SERVER"
"""``ws://host:port`` of the policy server behind the policy ``remote``."""
TOKEN_VARIABLE = "WAM_DEMO_TOKEN"
"""Token that a policy server asks for, or that ours is asked with; never an argument, which others could read."""
CONVENTION_VARIABLE = "WAM_DEMO_SERVER_CONVENTION"
"""How to talk to a server that is not ours: ``libero`` (default) or ``droid``."""


def use_server(url: str) -> None:
    """Let ``remote`` mean this server, in this process and those that it starts.

    Raises:
        InvalidInputError: It is not an address.
    """
    os.environ[SERVER_VARIABLE] = RemoteConfig(url).url


def remote_config() -> RemoteConfig:
    """The policy server that the environment names.

    Raises:
        InvalidInputError: There is none, or its address is not one.
    """
    url = os.environ.get(SERVER_VARIABLE)
    if not url:
        raise InvalidInputError(f"policy 'remote' needs the address of its server: --server or {SERVER_VARIABLE}")
    return RemoteConfig(url, token(), os.environ.get(CONVENTION_VARIABLE) or "libero")


def is_configured() -> bool:
    """Whether the operator has named a policy server."""
    return bool(os.environ.get(SERVER_VARIABLE))


def token() -> str | None:
    """The token that the operator has set, if any."""
    return os.environ.get(TOKEN_VARIABLE) or None
