"""Watches one session, and enters what it does into the challenge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from wam_demo.errors import WamDemoError
from wam_demo.runtime import SessionView, Watcher
from wam_demo.runtime.log import AttemptLog
from wam_demo.types import Observation, StepRecord
from wam_demo.ui.challenge.board import Board
from wam_demo.ui.challenge.rules import MOST, foul, score, sizes
from wam_demo.ui.challenge.scene import Scenes


class Referee(Watcher):
    """Judges the attempts of one session; used in its thread, read by its stream.

    Args:
        scenes: What is played on.
        board: Where the best are kept.
        share: Keeps an attempt of this session; returns its name.
        today: The present day.
    """

    def __init__(
        self, scenes: Scenes, board: Board, share: Callable[[AttemptLog], str], today: Callable[[], date]
    ) -> None:
        self._scenes, self._board, self._share, self._today = scenes, board, share, today
        self._driven = False
        self._log: AttemptLog | None = None
        self._verdict: dict[str, Any] = {}

    def on_reset(self, observation: Observation) -> None:
        """An attempt begins."""
        self._driven, self._log, self._verdict = False, None, {}

    def on_step(self, record: StepRecord) -> None:
        """A control step is done."""
        self._driven |= record.person_weight > 0

    def on_end(self, log: AttemptLog) -> None:
        """The attempt has ended; it is judged with its last picture."""
        self._log = log

    def on_view(self, view: SessionView) -> None:
        """A picture is there."""
        if self._log is not None and view.outcome is not None:
            log, self._log = self._log, None
            total = score(view.outcome.name, view.events, self._driven)
            if total is not None and self._is_played(view):
                self._verdict = self._entered(log, total)

    def status(self, view: SessionView) -> dict[str, Any]:
        """What the page says about it: JSON-ready.

        Args:
            view: The newest one.

        Returns:
            ``task``, ``seed`` and ``policies`` of today's scene; ``on``: whether it is played now; ``sizes`` so far,
            of at most ``most``; ``foul``; when it has ended ``total`` and, if it is among the best, ``share`` and
            ``place``.
        """
        scene = {"task": self._scenes.task, "policies": list(self._scenes.policies), "seed": self._seed(), "most": MOST}
        if not self._is_played(view):
            return {**scene, "on": False}
        events = view.events
        return {**scene, "on": True, "sizes": sizes(events), "foul": foul(events, self._driven), **self._verdict}

    def _seed(self) -> int:
        return self._scenes.seed(self._today())

    def _is_played(self, view: SessionView) -> bool:
        settings = view.settings
        scene = (settings.task, settings.seed) == (self._scenes.task, self._seed())
        return scene and view.replay is None and view.dream is None and settings.policy in self._scenes.policies

    def _entered(self, log: AttemptLog, total: float) -> dict[str, Any]:
        try:
            if not self._board.deserves(self._today(), log.policy, total):
                return {"total": total}
            name = self._share(log)
            place = self._board.enter(self._today(), log.policy, total, name)
        except WamDemoError as error:
            return {"total": total, "fault": str(error)}
        return {"total": total, "share": name, "place": place}
