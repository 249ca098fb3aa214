"""Session logs as JSON Lines: written, read back with the line of every mistake, packed into a link."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import wam_demo
from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.limits import INSTRUCTION_CHARACTERS, LINK_CHARACTERS, LOG_ATTEMPTS, LOG_BYTES, LOG_STEPS
from wam_demo.runtime.log import AttemptLog, LoggedEvent, LoggedStep
from wam_demo.runtime.logged_panels import LoggedPanel, read_panels, write_panels
from wam_demo.types import ACTION_DIM, Vector

SCHEMA, VERSION = "wam_demo.session_log", 1
SEED_MAX = 2**31 - 1
HORIZON_MAX = 1_000_000
EVENT_SEED_MAX = 2**53
SEVERITY_MAX = 5
LINE_CHARACTERS = 20_000
_TEXTS = ("object", "text", "style", "shape", "blur")
_OBJECTS = ("front", "wrist", "side")
_LISTS = ("drops", "confounders")

Line = Mapping[str, Any]


def format_log(attempts: Sequence[AttemptLog], values: bool = True) -> str:
    """A log as text, one JSON object a line; `docs/replay.md` describes the lines.

    Args:
        attempts: What is written.
        values: With the values of panels, unless that makes it larger than a log may be; else with their names alone.
    """
    header = {"schema": SCHEMA, "version": VERSION, "app": wam_demo.__version__}
    logged = [line for number, attempt in enumerate(attempts, 1) for line in _attempt_lines(number, attempt, values)]
    text = "".join(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n" for line in [header, *logged])
    return format_log(attempts, values=False) if values and len(text) > LOG_BYTES else text


def _attempt_lines(number: int, attempt: AttemptLog, values: bool) -> Iterator[Line]:
    yield {
        "attempt": number, "task": attempt.task, "seed": attempt.seed, "policy": attempt.policy,
        "weights_sha256": attempt.weights_sha256, "horizon": attempt.horizon, "instruction": attempt.instruction,
    }  # fmt: skip
    for step in range(len(attempt.steps) + 1):
        yield from ({"step": step, "event": e.kind, **_event(e)} for e in attempt.events if _place(e) == step)
        yield from ({"step": step, "command": name} for at, name in attempt.commands if at == step)
        if step < len(attempt.steps):
            taken = attempt.steps[step]
            numbers = {"made": taken.made, "index": taken.index}
            state = {} if taken.state is None else {"state": taken.state}
            panels = {"panels": write_panels(taken.panels, values)} if taken.panels else {}
            yield {"step": step, "action": [_shortest(value) for value in taken.action], **numbers, **state, **panels}
    yield {"end": attempt.outcome, "steps": len(attempt.steps), "state": attempt.final}


def _place(event: LoggedEvent) -> int:
    """Step among whose lines an event stands: those of a reset come first, whenever they happen."""
    return 0 if event.at_reset else event.step


def _event(event: LoggedEvent) -> dict[str, Any]:
    content: dict[str, Any] = {"asked": dict(event.asked)}
    if event.applied is not None:
        content["applied"] = dict(event.applied)
    if event.at_reset:
        content |= {"at_reset": True, "due": event.step}
    return content


def _shortest(value: np.float32) -> float:
    """The fewest digits that give the same float32 again."""
    short = float(str(value))
    return short if np.float32(short) == value else float(value)


def read_text(path: Path) -> str:
    """The text of a log file; raises `InvalidInputError` when it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(LOG_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > LOG_BYTES:
        raise InvalidInputError(f"{path} is larger than {LOG_BYTES >> 20} MiB")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidInputError(f"{path} is not a text file") from None


def parse_log(text: str, tasks: Collection[str]) -> list[AttemptLog]:
    """Read a log.

    Args:
        text: As `format_log` writes it.
        tasks: Names of the tasks that exist here.

    Raises:
        InvalidInputError: With the number of the line that is not usable.
    """
    if len(text.encode("utf-8", "replace")) > LOG_BYTES:
        raise InvalidInputError(f"the log is larger than {LOG_BYTES >> 20} MiB")
    rows = text.split("\n")
    lines = [(number, row) for number, row in enumerate(rows, 1) if row.strip()]
    if not lines:
        raise InvalidInputError("line 1: the log is empty")
    _check_header(*_parsed(*lines[0]))
    reader = _Reader(tasks)
    for number, row in lines[1:]:
        reader.take(*_parsed(number, row))
    return reader.finish(lines[-1][0])


def _parsed(number: int, row: str) -> tuple[int, dict[str, Any]]:
    if len(row) > LINE_CHARACTERS:
        _refuse(number, f"longer than {LINE_CHARACTERS} characters")

    def constant(name: str) -> NoReturn:
        _refuse(number, f"{name} is not a number that JSON knows")

    try:
        line = json.loads(row, parse_constant=constant)
    except InvalidInputError:
        raise
    except (ValueError, RecursionError):
        _refuse(number, f"not JSON: {row[:40]!r}")
    if not isinstance(line, dict):
        _refuse(number, f"expected an object, got {row[:40]!r}")
    return number, line


def _check_header(number: int, line: Line) -> None:
    if line.get("schema") != SCHEMA:
        _refuse(number, f"expected the schema {SCHEMA!r}, got {str(line.get('schema'))[:40]!r}")
    if line.get("version") != VERSION:
        _refuse(number, f"version {str(line.get('version'))[:20]} of the log is not known; valid: {VERSION}")


class _Reader:
    """Puts lines together to attempts."""

    def __init__(self, tasks: Collection[str]) -> None:
        self._tasks = tasks
        self._done: list[AttemptLog] = []
        self._open: AttemptLog | None = None
        self._events: list[LoggedEvent] = []
        self._commands: list[tuple[int, str]] = []
        self._steps: list[LoggedStep] = []

    def take(self, number: int, line: Line) -> None:
        kinds = {"attempt": self._attempt, "event": self._event, "action": self._step,
                 "command": self._command, "end": self._end}  # fmt: skip
        kind = next((name for name in kinds if name in line), None)
        if kind is None:
            _refuse(number, f"expected one of {', '.join(kinds)}, got the keys {', '.join(map(str, line))[:60]!r}")
        if kind == "attempt" and self._open is not None:
            _refuse(number, "the attempt before this one has no 'end'")
        if kind != "attempt" and self._open is None:
            _refuse(number, f"{kind!r} stands outside of an attempt")
        kinds[kind](number, line)

    def finish(self, number: int) -> list[AttemptLog]:
        if self._open is not None:
            _refuse(number, "the log breaks off: its last attempt has no 'end'")
        if not self._done:
            _refuse(number, "the log holds no attempt")
        return self._done

    def _attempt(self, number: int, line: Line) -> None:
        if len(self._done) >= LOG_ATTEMPTS:
            _refuse(number, f"more than {LOG_ATTEMPTS} attempts")
        task, weights = _text(number, line, "task", 60), line.get("weights_sha256")
        if task not in self._tasks:
            _refuse(number, str(UnknownNameError("task", task, self._tasks)))
        self._open = AttemptLog(
            task,
            _whole(number, line, "seed", 0, SEED_MAX),
            _text(number, line, "policy", 60),
            None if weights is None else _text(number, line, "weights_sha256", 64),
            _whole(number, line, "horizon", 1, HORIZON_MAX),
            _text(number, line, "instruction", INSTRUCTION_CHARACTERS),
        )

    def _event(self, number: int, line: Line) -> None:
        at_reset = line.get("at_reset") is True
        step = self._now(number, line)
        due = _whole(number, line, "due", 0, LOG_STEPS) if at_reset else step
        if at_reset and self._steps:
            _refuse(number, "an event of the reset after the first step")
        asked, applied = line.get("asked"), line.get("applied")
        if not isinstance(asked, dict) or not isinstance(applied, dict | None):
            _refuse(number, "'asked' and 'applied' must be objects")
        _check_parameters(number, asked)
        self._events.append(LoggedEvent(due, _text(number, line, "event", 40), asked, applied, at_reset, number))

    def _command(self, number: int, line: Line) -> None:
        self._commands.append((self._now(number, line), _text(number, line, "command", 40)))

    def _step(self, number: int, line: Line) -> None:
        step = self._now(number, line)
        if step >= LOG_STEPS:
            _refuse(number, f"more than {LOG_STEPS} steps")
        made, index = (
            None if line.get(name) is None else _whole(number, line, name, 0, LOG_STEPS) for name in ("made", "index")
        )
        state = None if line.get("state") is None else _text(number, line, "state", 64)
        self._steps.append(
            LoggedStep(_action(number, line["action"]), made, index, state, _panels(number, line.get("panels", {})))
        )

    def _end(self, number: int, line: Line) -> None:
        assert self._open is not None
        outcome = None if line["end"] is None else _text(number, line, "end", 40)
        if _whole(number, line, "steps", 0, LOG_STEPS) != len(self._steps):
            _refuse(number, f"it says {line['steps']} steps, the log has {len(self._steps)}: lines are missing")
        self._done.append(
            replace(
                self._open,
                events=tuple(self._events),
                commands=tuple(self._commands),
                steps=tuple(self._steps),
                outcome=outcome,
                final=None if line.get("state") is None else _text(number, line, "state", 64),
            )
        )
        self._open, self._events, self._commands, self._steps = None, [], [], []

    def _now(self, number: int, line: Line) -> int:
        step = _whole(number, line, "step", 0, LOG_STEPS)
        if step != len(self._steps):
            _refuse(number, f"expected step {len(self._steps)}, got {step}")
        return step


def _check_parameters(number: int, asked: Line) -> None:
    """What every axis takes for granted of its parameters; their ranges are the axis's own matter."""
    for name, value in asked.items():
        if name == "severity":
            _whole(number, asked, name, 0, SEVERITY_MAX)
        elif name == "seed":
            _whole(number, asked, name, 0, EVENT_SEED_MAX)
        elif name in _TEXTS and not isinstance(value, str | None):
            _refuse(number, f"{name!r} of 'asked' must be text, got {str(value)[:40]!r}")
        elif name in _OBJECTS or name in _LISTS:
            parts = value if name in _LISTS and isinstance(value, list) else [value]
            if not all(isinstance(part, dict) for part in parts):
                kind = "an object" if name in _OBJECTS else "a list of objects"
                _refuse(number, f"{name!r} of 'asked' must be {kind}, got {str(value)[:40]!r}")
            for part in parts:
                _check_parameters(number, part)


def _action(number: int, values: object) -> Vector:
    items = values if isinstance(values, list) else []
    if len(items) != ACTION_DIM or not all(type(value) in (int, float) for value in items):
        _refuse(number, f"'action' must be {ACTION_DIM} numbers, got {str(values)[:40]}")
    with np.errstate(over="ignore"):
        try:
            action = np.array(items, np.float64).astype(np.float32)
        except OverflowError:
            action = np.full(ACTION_DIM, np.inf, np.float32)
    if not np.isfinite(action).all():
        _refuse(number, "'action' must be finite")
    return action


def _panels(number: int, value: object) -> Mapping[str, LoggedPanel]:
    try:
        return read_panels(value)
    except InvalidInputError as error:
        _refuse(number, str(error))


def _whole(number: int, line: Line, name: str, low: int, high: int) -> int:
    value = line.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        _refuse(number, f"{name!r} must be a whole number in {low} .. {high}, got {str(value)[:40]!r}")
    return value


def _text(number: int, line: Line, name: str, most: int) -> str:
    value = line.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        _refuse(number, f"{name!r} must be text of 1 .. {most} characters, got {str(value)[:40]!r}")
    return value


def _refuse(number: int, why: str) -> NoReturn:
    raise InvalidInputError(f"line {number}: {why}")


def pack(text: str) -> str:
    """A log for the fragment of a link.

    Raises:
        InvalidInputError: It is too long for one.
    """
    packed = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode("ascii").rstrip("=")
    if len(packed) > LINK_CHARACTERS:
        raise InvalidInputError("this attempt is too long for a link: download its log instead")
    return packed


def unpack(packed: str) -> str:
    """Inverse of `pack`; raises `InvalidInputError` when the link was cut or changed."""
    if len(packed) > LINK_CHARACTERS:
        raise InvalidInputError(f"the link holds more than {LINK_CHARACTERS} characters")
    inflate = zlib.decompressobj()
    try:
        data = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        text = inflate.decompress(data, LOG_BYTES).decode()
    except (ValueError, binascii.Error, zlib.error):
        raise InvalidInputError("the link is damaged: it was cut or changed on its way") from None
    if not inflate.eof:
        raise InvalidInputError("the link is damaged: it was cut or holds too much")
    return text
