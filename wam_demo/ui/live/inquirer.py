"""One visitor's questions to a policy about the moment on the page, asked beside the session."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar


class Ask(Protocol):
    """A question, with the moment that it is about."""

    @property
    def warn(self) -> Callable[[str], None]:
        """Shows the person one line; called from any thread."""

    def submit(self) -> Future[Any]:
        """Ask, and return at once."""

    def find(self, result: Any) -> Any:
        """What the result says."""


AskT = TypeVar("AskT", bound=Ask)


@dataclass(frozen=True)
class Answer(Generic[AskT]):
    """What was found, with a number that counts answers and the time it took."""

    number: int
    ask: AskT
    finding: Any
    milliseconds: float


class Inquirer(Generic[AskT]):
    """One question is being answered, the newest waits, what lies between is dropped.

    Args:
        changed: Called from any thread when there is a new answer.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.answer: Answer[AskT] | None = None
        self._changed = changed
        self._lock = threading.Lock()
        self._busy = False
        self._next: AskT | None = None
        self._count = 0

    def ask(self, ask: AskT) -> None:
        """Ask now, or as soon as the question before is answered. Thread-safe."""
        with self._lock:
            if self._busy:
                self._next = ask
                return
            self._busy = True
        self._submit(ask)

    def _submit(self, ask: AskT) -> None:
        began = time.perf_counter()
        ask.submit().add_done_callback(partial(self._answered, ask, began))

    def _answered(self, ask: AskT, began: float, future: Future[Any]) -> None:
        try:
            error = future.exception()  # nobody cancels it
            if error is None:
                self._count += 1
                milliseconds = 1e3 * (time.perf_counter() - began)
                self.answer = Answer(self._count, ask, ask.find(future.result()), milliseconds)
                self._changed()
            else:
                ask.warn(str(error))
        finally:
            with self._lock:
                following, self._next = self._next, None
                self._busy = following is not None
        if following is not None:
            self._submit(following)
