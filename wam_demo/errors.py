"""The exception tree: every message names the bad value and what would have been valid."""

from collections.abc import Iterable
from difflib import get_close_matches


class WamDemoError(Exception):
    """Base of every error this package raises on purpose; the text is one line meant for a person."""


class InvalidInputError(WamDemoError, ValueError):
    """A value given by a person or a client is not usable."""


class UnknownNameError(InvalidInputError):
    """A name is not one of the valid ones; the message suggests the closest.

    Args:
        kind: What is named, e.g. ``"task"``.
        name: The name that was given.
        valid: The names that exist.
    """

    def __init__(self, kind: str, name: object, valid: Iterable[str]) -> None:
        names = sorted(valid)
        text = str(name)[:60]
        close = get_close_matches(text, names, n=1, cutoff=0.4)
        hint = f"did you mean {close[0]!r}? " if close else ""
        super().__init__(f"unknown {kind} {text!r}: {hint}valid: {', '.join(names)}")


class CheckpointError(WamDemoError):
    """A checkpoint is missing, corrupt or of another architecture."""


class SimulationFault(WamDemoError):
    """The simulated physics diverged; the episode ends as ``sim_fault``, never as success."""


class ReplayDiffers(WamDemoError):
    """A replay went through other states than its log: another machine, or another version."""


class PolicyFault(WamDemoError):
    """A policy failed, or answered with a wrong shape or with values that are not finite."""


class PolicyBusy(PolicyFault):
    """A policy has not answered in time, or too many wait for it: that says nothing about its plans."""


class SourceFault(WamDemoError):
    """A camera or robot stopped delivering, or repeats itself."""


class DataError(WamDemoError):
    """A dataset or recording cannot be read or written."""
