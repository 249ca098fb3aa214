"""Which arm this process is connected to, from what its operator has set."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from wam_demo.errors import InvalidInputError
from wam_demo.robots.arm.client import ArmAddress
from wam_demo.robots.arm.wire import PORT

URL_VARIABLE = "WAM_DEMO_ARM"
"""``ws://127.0.0.1:port`` of the bridge; the default port otherwise."""
TOKEN_VARIABLE = "WAM_DEMO_ARM_TOKEN"
"""What the bridge asks for; never an argument, which other users of the machine could read."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_configured() -> bool:
    """Whether the operator has given this process an arm; never so on a Space."""
    return bool(os.environ.get(TOKEN_VARIABLE)) and not os.environ.get("SPACE_ID")


def arm_address() -> ArmAddress:
    """Where the bridge is.

    Raises:
        InvalidInputError: There is no token, or the address is not one of this machine.
    """
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise InvalidInputError(f"an arm needs the token of its bridge in {TOKEN_VARIABLE}")
    url = os.environ.get(URL_VARIABLE) or f"ws://127.0.0.1:{PORT}"
    try:
        split = urlsplit(url)
        known = split.scheme == "ws" and split.hostname in LOOPBACK and split.port is not None
    except ValueError:
        known = False
    if not known:
        raise InvalidInputError(f"{URL_VARIABLE}: {url[:80]!r} is not ws://127.0.0.1:port")
    return ArmAddress(url, token)
