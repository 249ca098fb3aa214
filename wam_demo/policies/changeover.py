"""An engine starts with torch and changes over to compiled graphs once they are made, while nobody acts."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from wam_demo.errors import WamDemoError
from wam_demo.policies.compute.variants import EAGER
from wam_demo.policies.engine import InferenceEngine
from wam_demo.policies.registry import load_policy, policy_spec
from wam_demo.processes import Report, SupervisedProcess
from wam_demo.types import Policy

QUIET_S = 2.0
"""Nobody acts if nothing was asked for so long: one session gets all its plans from the same network [s]."""
MAKING_S = 600.0
"""Longest time in which graphs are made, on a machine that is busy with other things [s]."""
NICE = 15
"""How far the process that makes them stands back for live sessions."""
_log = logging.getLogger(__name__)

Measure = Callable[[str, Path | None, threading.Event], str]
"""Finds the fastest way to compute a policy; may take minutes, unless it is told to stop."""


def measure_beside(name: str, checkpoint: Path | None, stop: threading.Event) -> str:
    """The fastest way, measured and made in a process of its own that stands back.

    Raises:
        WamDemoError: It failed there.
    """
    process = SupervisedProcess(partial(_Measuring, name, checkpoint), MAKING_S)
    try:
        process.send(None)
        while not stop.wait(0.5):
            for kind, content in process.messages():
                if kind == "error":
                    raise content
                if kind == "answer":
                    return content
        return EAGER
    finally:
        process.close()


class _Measuring:
    def __init__(self, name: str, checkpoint: Path | None) -> None:
        os.nice(NICE)
        self._fastest = partial(policy_spec(name).fastest, checkpoint)

    def __call__(self, request: None, report: Report) -> str:
        return self._fastest()


class Changeover:
    """Makes an engine's graphs if they were never made here, and exchanges its policy in a quiet moment.

    Args:
        engine: Whose.
        name: The policy that it was opened with.
        checkpoint: Its weights.
        measure: Finds the fastest way.
        load: Loads the policy that is computed so.
    """

    def __init__(
        self,
        engine: InferenceEngine,
        name: str,
        checkpoint: Path | None,
        measure: Measure = measure_beside,
        load: Callable[..., Policy] = load_policy,
    ) -> None:
        self._engine, self._name, self._checkpoint = engine, name, checkpoint
        self._measure, self._load = measure, load
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="changeover", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            if policy_spec(self._name).measured(self._checkpoint) is not None:
                return  # it was opened with what is the fastest
            fastest = self._measure(self._name, self._checkpoint, self._stop)
            if fastest == EAGER or self._stop.is_set():
                return
            policy = self._load(self._name, self._checkpoint, compute=fastest)
        except (WamDemoError, RuntimeError) as error:  # the second is what OpenVINO raises
            _log.warning("%s stays with torch: %s", self._name, error)
            return
        while not self._engine.exchange(policy, QUIET_S) and not self._stop.wait(QUIET_S / 4):
            pass

    def close(self, patience_s: float = 2.0) -> None:
        """Stop; what is being made ends within a second. Idempotent."""
        self._stop.set()
        self._thread.join(timeout=patience_s)
