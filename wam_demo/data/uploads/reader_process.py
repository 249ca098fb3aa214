"""The parent's side of one reading child: starts it, believes nothing it says, stops it in time."""

from __future__ import annotations

import json
import os
import select
import signal
import site
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from wam_demo.config import ROOT
from wam_demo.data.uploads.gate import READERS, ReaderGate
from wam_demo.errors import InvalidInputError
from wam_demo.limits import DECODE_SECONDS, INSPECT_SECONDS, READER_SILENCE_S

_LINE_BYTES = 16 * 2**20
_INHERITED = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TZ")
"""All that a child learns of the server's environment; tokens and addresses stay here."""
_ENVIRONMENT = {
    "HOME": "/nonexistent",
    "PYTHONUSERBASE": site.getuserbase(),
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONSAFEPATH": "1",
    "PYTHONPATH": str(ROOT),
}


@dataclass(frozen=True)
class ReaderLimits:
    """How long a child may take.

    Attributes:
        describe_cpu_s: Processor time for describing a recording [s]; waiting for others does not count.
        read_cpu_s: Processor time for reading an episode [s].
        silence_s: Time on the wall without a word from the child [s], for what waits without computing.
    """

    describe_cpu_s: int = INSPECT_SECONDS
    read_cpu_s: int = DECODE_SECONDS
    silence_s: float = READER_SILENCE_S


READER_LIMITS = ReaderLimits()


class ReaderProcess:
    """One child; it ends when it keeps silent, when its processor time is up, and with this context manager.

    Args:
        request: What `child` is asked.
        cpu_seconds: Its processor time.
        limits: See `ReaderLimits`.
        visitor: See `ReaderGate.turn`.
        gate: Where the turn is taken.
    """

    def __init__(
        self,
        request: Mapping[str, Any],
        cpu_seconds: int,
        limits: ReaderLimits,
        visitor: str = "",
        gate: ReaderGate = READERS,
    ) -> None:
        self._cpu_seconds, self._limits = cpu_seconds, limits
        self._buffer = bytearray()
        content = {**request, "path": os.path.abspath(request["path"]), "cpu_seconds": cpu_seconds}
        with ExitStack() as held:
            held.enter_context(gate.turn(visitor))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wam_demo.data.uploads.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**{name: os.environ[name] for name in _INHERITED if name in os.environ}, **_ENVIRONMENT},
                cwd="/",
                start_new_session=True,
            )
            self._held = held.pop_all()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(content).encode() + b"\n")
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it died; reading its answer says so

    def message(self) -> dict[str, Any]:
        """The next JSON line; raises `InvalidInputError` with the child's reason if it is a refusal."""
        deadline = self._deadline()
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _LINE_BYTES:
                raise InvalidInputError("the recording lists more than any recording does")
            self._more(deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            message = json.loads(line)
        except ValueError:
            raise InvalidInputError("the recording was read in an unexpected way") from None
        if "error" in message:
            raise InvalidInputError(" ".join(str(message["error"]).split())[:400])
        return message

    def exactly(self, count: int) -> bytes:
        """The next ``count`` raw bytes."""
        deadline = self._deadline()
        while len(self._buffer) < count:
            self._more(deadline)
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def _deadline(self) -> float:
        return time.monotonic() + self._limits.silence_s

    def _more(self, deadline: float) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        poll = select.poll()  # unlike select, not limited to low file numbers
        poll.register(stdout, select.POLLIN)
        if not poll.poll(max(0.0, 1e3 * (deadline - time.monotonic()))):
            raise InvalidInputError(f"the reader of the recording kept silent for {self._limits.silence_s:.0f} s")
        data = os.read(stdout.fileno(), 1 << 18)
        if not data:
            self._refuse_dead()
        self._buffer += data

    def _refuse_dead(self) -> None:
        if self._process.wait() == -signal.SIGXCPU:
            raise InvalidInputError(f"the recording took more than {self._cpu_seconds} s of processor time to read")
        raise InvalidInputError("the recording could not be read within the limit of memory, or it is damaged")

    def close(self) -> None:
        """End the child and give the turn back."""
        self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
