"""Spawned processes that may crash or hang: they answer requests, and their end is an exception, never a wait."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any, Literal

from wam_demo.errors import InvalidInputError, WamDemoError

Report = Callable[[Any], None]
Handler = Callable[[Any, Report], Any]
"""Answers one request, a picklable object, with another; reports progress through its second argument."""
Kind = Literal["progress", "answer", "error"]

STARTING_S = 60.0
"""A process may take this long [s] to come up, on a machine that has much to do."""


class ProcessDied(WamDemoError):
    """A process ended by itself or has been silent for too long; whatever it held is lost."""


class SupervisedProcess:
    """One spawned process that answers requests, one at a time.

    Every request has a number and what comes back carries it, so an answer that nobody waited for is dropped
    instead of being taken for the next one.

    Args:
        make_handler: Called in the process at its first request; picklable.
        silence_s: A process that is up and says nothing for this long [s] after a request counts as dead.
    """

    def __init__(self, make_handler: Callable[[], Handler], silence_s: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(make_handler, theirs), daemon=True)
        self._process.start()
        theirs.close()  # so that its end closes with the process
        self._silence_s, self._limit_s = silence_s, max(silence_s, STARTING_S)
        self._heard, self._number = time.monotonic(), 0

    def send(self, request: Any) -> None:
        """Ask for something; a dead process is noticed when its answer is read."""
        self._number += 1
        self._heard = time.monotonic()
        with suppress(OSError):
            self._connection.send((self._number, request))

    def messages(self) -> Iterator[tuple[Kind, Any]]:
        """What has arrived about the last request, without waiting: ``progress``, ``answer`` or ``error``.

        Raises:
            ProcessDied: The process ended or is silent.
        """
        try:
            while self._connection.poll():
                number, kind, content = self._connection.recv()
                self._heard, self._limit_s = time.monotonic(), self._silence_s
                if number == self._number:
                    yield kind, content
        except (EOFError, OSError):
            self._process.join(1.0)
            raise ProcessDied(f"the process ended with exit code {self._process.exitcode}") from None
        if time.monotonic() - self._heard > self._limit_s:
            raise ProcessDied(f"no sign of life for {self._limit_s:.0f} s")

    def receive(self) -> Any:
        """Wait for the answer to the last request; an error raised over there is raised here.

        Raises:
            ProcessDied: The process ended or is silent.
        """
        while True:
            for kind, content in self.messages():
                if kind == "error":
                    raise content
                if kind == "answer":
                    return content
            wait_for_any([self], self._limit_s)

    def close(self, grace_s: float = 0.0) -> None:
        """End the process; one that does not end by itself within ``grace_s`` [s] is killed."""
        self._connection.close()
        self._process.join(grace_s)
        self._process.kill()
        self._process.join()


def wait_for_any(processes: Sequence[SupervisedProcess], seconds: float) -> None:
    """Sleep until one of the processes says something or ends, at most for so long [s]."""
    wait([process._connection for process in processes], seconds)


def _serve(make_handler: Callable[[], Handler], connection: Connection) -> None:
    """Main of the process: answer what arrives until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    handler: Handler | None = None
    with suppress(EOFError, OSError):
        connection.send((None, "progress", None))  # it is up
        while True:
            number, request = connection.recv()
            try:
                handler = handler or make_handler()
                message = ("answer", handler(request, partial(_report, connection, number)))
            except Exception as error:
                message = ("error", _portable(error))
            connection.send((number, *message))


def _report(connection: Connection, number: int, content: Any) -> None:
    connection.send((number, "progress", content))


def _portable(error: Exception) -> Exception:
    """The error, or its text where its constructor wants more than pickle gives it."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return (InvalidInputError if isinstance(error, InvalidInputError) else WamDemoError)(str(error))
    return error
