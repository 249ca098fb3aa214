"""The policy ``remote``: whatever answers at the policy server that the operator has configured."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from wam_demo.policies.registry import LoadContext, PolicySpec

if TYPE_CHECKING:
    from wam_demo.policies.remote.client import RemotePolicy


def _open(context: LoadContext | None = None) -> RemotePolicy:
    from wam_demo.policies.remote.client import RemotePolicy
    from wam_demo.policies.remote.settings import remote_config

    return RemotePolicy(remote_config())


def _tasks(checkpoint: Path | None) -> Sequence[str]:
    """As the server says them."""
    policy = _open()
    policy.close()
    return policy.tasks


def _digest(checkpoint: Path | None) -> str | None:
    """Of the weights behind the server; if it does not name them, of its address, so that servers are told apart."""
    policy = _open()
    policy.close()
    return policy.checkpoint_sha256 or sha256(policy.config.url.encode()).hexdigest()


def _require(checkpoint: Path | None) -> None:
    from wam_demo.policies.remote.settings import remote_config

    remote_config()


def _is_available() -> bool:
    from wam_demo.policies.remote.settings import is_configured, remote_config

    return is_configured() and bool(remote_config())


REMOTE = PolicySpec(
    name="remote",
    label="Policy server",
    sentence="The policy runs on another machine, which sends its plan and no imagination.",
    load=_open,
    tasks=_tasks,
    digest=_digest,
    require=_require,
    is_available=_is_available,
    attends=True,
)
