"""The challenge of one server: a referee for each session, and today's best for each page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from wam_demo.runtime.log import AttemptLog
from wam_demo.ui.challenge.board import Board
from wam_demo.ui.challenge.referee import Referee
from wam_demo.ui.challenge.scene import Scenes, today
from wam_demo.ui.shared import component
from wam_demo.ui.shared.checks import one_of
from wam_demo.ui.shared.component import Answer, Question


class Challenge:
    """Make a policy fail on today's scene, with at most three disturbances.

    Args:
        scenes: What is played on.
        board: Where the best are kept.
        today: The present day.
    """

    def __init__(self, scenes: Scenes, board: Board, today: Callable[[], date] = today) -> None:
        self._scenes, self._board, self._today = scenes, board, today

    def referee(self, share: Callable[[AttemptLog], str]) -> Referee:
        """Of a new session; ``share`` keeps an attempt of it."""
        return Referee(self._scenes, self._board, share, self._today)

    def responder(self) -> Callable[[Any], Answer]:
        """What answers a page; see `answering`."""
        return component.answering({"best": self._best})

    def _best(self, question: Question) -> Answer:
        policy = one_of("policy", question.get("policy"), self._scenes.policies)
        return {"entries": [asdict(entry) for entry in self._board.best(self._today(), policy)]}


def challenge_function(played: Challenge) -> Callable[[Any], Answer]:
    """What the page calls ``server.challenge``."""
    answer = played.responder()

    def challenge(question: Any) -> Answer:
        return answer(question)

    return challenge
