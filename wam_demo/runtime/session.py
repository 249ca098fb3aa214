"""The state machine of one visitor: commands in, control steps in real time, views out."""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from wam_demo.errors import WamDemoError
from wam_demo.policies.receding import EXECUTE_STEPS
from wam_demo.runtime.attempt import Attempt
from wam_demo.runtime.contracts import Backend, Command, Handout, Settings, Watcher
from wam_demo.runtime.disturb import DISTURBANCES
from wam_demo.runtime.episodes import Episodes
from wam_demo.runtime.handouts import HANDOUTS
from wam_demo.runtime.log import AttemptLog
from wam_demo.runtime.look import look
from wam_demo.runtime.twin import Twin
from wam_demo.types import CONTROL_HZ, Image

OUTCOME_S = 2.0
"""How long the end of an episode stays on the page before the next seed starts."""
NOTICE_S = 4.0
"""How long a message stays."""
LATE_S = 0.25
"""Further behind real time than this, the clock gives in instead of hurrying after it."""
EASE_S = 5.0
"""How long there is one picture a control step instead of two, after a plan came late."""
COMMANDS = 256
"""Commands that may wait; a page that sends faster than they are obeyed loses the rest."""
RENDER_SIZE = 256
"""Side [px] of the picture of ``front`` that people see."""
_HALF_STEP_S = 0.5 / CONTROL_HZ

_log = logging.getLogger(__name__)


class Session:
    """One visitor's world and policy, on a thread of their own.

    The thread owns the world and its renderer. The policy is asked asynchronously, so that motion
    never waits for the model; without a usable plan the arm holds and the view says so.

    Args:
        settings: Task, policy and seed to begin with.
        backend: Makes worlds and planners, in the session's thread.
        watchers: Called in the session's thread after each reset, control step and picture.
    """

    def __init__(self, settings: Settings, backend: Backend, watchers: Sequence[Watcher] = ()) -> None:
        self._episodes = Episodes(settings, backend)
        self._watchers = list(watchers)
        self._commands: queue.Queue[Command | None] = queue.Queue(COMMANDS)
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)
        self._closing = threading.Event()
        self._state = "running"
        self._frame: Image | None = None
        self._frame_number = 0
        self._due = self._ended = self._eased_until = 0.0
        self._notice: tuple[str, bool, float] = ("", False, 0.0)
        self._handout: Handout | None = None

    def start(self) -> None:
        """Open the world and run."""
        self._thread.start()

    def post(self, command: Command) -> None:
        """Hand in a command; it takes effect at the next half control step. Thread-safe."""
        with suppress(queue.Full):
            self._commands.put_nowait(command)

    def warn(self, text: str) -> None:
        """Show one line to the person. Thread-safe."""
        self.post(Command("warn", {"text": text}))

    def close(self, timeout: float | None = None) -> None:
        """End the thread and free the simulator; waits at most ``timeout`` seconds. Idempotent."""
        self._closing.set()
        with suppress(queue.Full):
            self._commands.put_nowait(None)
        if timeout and self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    @property
    def notice(self) -> str:
        """The line for the person; the only thing there is to show if no world could be opened."""
        return self._notice[0]

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    # The loop

    def _run(self) -> None:
        try:
            self._guarded(self._first)
            while not self._closing.is_set():
                self._tick()
        finally:
            self._episodes.close()

    def _first(self) -> None:
        self._say("opening the scene and the policy")
        attempt = self._episodes.begin()
        self._say("")
        self._begun(attempt)

    def _tick(self) -> None:
        obeyed = self._take_commands()
        now = time.perf_counter()
        if self._state == "running" and now >= self._due:
            self._guarded(self._move)
            self._due = max(self._due + _HALF_STEP_S, now - LATE_S)
        elif self._outcome_was_shown(now):
            self._guarded(self._next)
        elif obeyed or self._notice_ran_out(now):
            self._guarded(self._publish)

    def _take_commands(self) -> bool:
        """Wait for the next half step or a command, whichever comes first, and obey."""
        wait = self._due - time.perf_counter() if self._state == "running" else _HALF_STEP_S
        obeyed = False
        while not self._closing.is_set():
            try:
                command = self._commands.get(timeout=wait) if wait > 0 else self._commands.get_nowait()
            except queue.Empty:
                break
            if command is not None:
                self._guarded(lambda command=command: self._obey(command))  # type: ignore[misc]
                obeyed, wait = True, 0.0
        return obeyed

    def _guarded(self, work: Callable[[], None]) -> None:
        """Whatever fails becomes one line on the page, and the session goes on."""
        try:
            work()
            return
        except WamDemoError as error:
            self._say(str(error), warning=True)
        except Exception as error:
            _log.exception("session")
            self._state = "fault"
            self._say(f"stopped by an internal error ({type(error).__name__}); reset to go on", True)
        try:
            self._publish()
        except Exception:
            _log.exception("session: nothing can be shown")

    def _move(self) -> None:
        if self._episodes.twin is None:
            self._half_step()
        else:
            self._twin_step(self._episodes.twin)
            self._due += _HALF_STEP_S  # it makes whole control steps

    def _half_step(self) -> None:
        attempt = self._episodes.attempt
        if attempt is None:
            self._state = "fault"
        elif attempt.half == 0:
            if attempt.prepare():
                self._frame = None
            attempt.begin(self._picture())
            self._frame = None
            if self._has_time(attempt):
                self._publish()
        else:
            self._finish_step(attempt)
            self._publish()

    def _has_time(self, attempt: Attempt) -> bool:
        """Whether to show a picture between control steps: motion and plans go first."""
        now = time.perf_counter()
        if attempt.wait_steps >= EXECUTE_STEPS:
            self._eased_until = now + EASE_S
        return self._eased_until <= now < self._due + _HALF_STEP_S

    def _finish_step(self, attempt: Attempt) -> None:
        record = attempt.finish()
        self._frame = None
        for watcher in self._watchers:
            watcher.on_step(record)
        if record.fault is not None:
            self._say(f"holding the arm: {record.fault}", warning=True)
        if attempt.outcome is not None:
            self._episodes.count()
            self._ended = time.perf_counter()
            self._state = "finished"
            if attempt.tape is not None:
                self._say(attempt.tape.verdict(), warning=attempt.tape.differs is not None)

    def _complete_step(self) -> None:
        """Bring the attempt to the end of its control step: what follows falls between two of them."""
        attempt = self._episodes.attempt
        if self._state in ("running", "paused") and attempt is not None and attempt.half:
            self._half_step()
            self._due += _HALF_STEP_S

    def _twin_step(self, twin: Twin) -> None:
        try:
            twin.advance()
        except WamDemoError as error:
            self._state = "paused"
            self._say(f"the twin waits: {error}; run to try again", warning=True)
        if twin.ended:
            self._state = "finished"
        self._publish()

    def _outcome_was_shown(self, now: float) -> bool:
        return self._state == "finished" and now - self._ended > OUTCOME_S and self._episodes.may_go_on

    # Commands

    def _obey(self, command: Command) -> None:
        if command.kind in DISTURBANCES:
            self._complete_step()
            self._episodes.disturb(command.kind, command.parameters)
            self._changed_world()
        elif command.kind in HANDOUTS:
            self._complete_step()
            number = 1 if self._handout is None else self._handout.number + 1
            self._handout = Handout(number, command.kind, HANDOUTS[command.kind](self._episodes))
        else:
            getattr(self, f"_on_{command.kind}")(**command.parameters)

    def _on_warn(self, text: str) -> None:
        self._say(text, warning=True)

    def _changed_world(self) -> None:
        """What is shown of the attempt is no longer how it looks; in a twin the attempt stays as it was."""
        if self._episodes.twin is None:
            self._frame = None

    def _on_run(self) -> None:
        if self._episodes.twin is not None and self._state == "finished":
            return
        if self._state == "finished":
            self._next()
        elif self._state == "fault":
            self._on_reset()
        else:
            self._note_command("run")
        self._go("running")

    def _on_pause(self) -> None:
        if self._state == "running":
            self._complete_step()
        if self._state == "running":  # the step may have been the last one
            self._note_command("pause")
            self._go("paused")
        elif self._state == "finished":
            self._ended = math.inf  # the outcome stays until somebody goes on

    def _on_step(self) -> None:
        attempt = self._episodes.attempt
        if attempt is None or self._state not in ("running", "paused"):
            return
        self._note_command("step")
        self._go("paused")
        for _ in range(2 - attempt.half if self._episodes.twin is None else 1):
            self._move()

    def _note_command(self, name: str) -> None:
        if self._episodes.twin is None and self._episodes.attempt is not None:
            self._episodes.attempt.recorder.command(name)

    def _on_reset(self) -> None:
        self._begun(self._episodes.begin())

    def _on_next(self) -> None:
        self._next()

    def _on_autoplay(self, on: bool) -> None:
        self._episodes.settings = replace(self._episodes.settings, autoplay=on)

    def _on_task(self, name: str) -> None:
        if name != self._episodes.settings.task:
            self._change(replace(self._episodes.settings, task=name), name)

    def _on_policy(self, name: str) -> None:
        if name != self._episodes.settings.policy:
            self._change(replace(self._episodes.settings, policy=name), name)

    def _on_seed(self, seed: int) -> None:
        self._begun(self._episodes.begin(replace(self._episodes.settings, seed=seed)))

    def _on_instruction(self, text: str) -> None:
        self._complete_step()
        self._episodes.instruct(text)
        self._changed_world()

    def _on_twin(self, on: bool) -> None:
        if not on and self._episodes.twin is not None:
            self._episodes.close_twin()
            attempt = self._episodes.attempt
            self._ended = time.perf_counter()
            self._go("running" if attempt is None or attempt.outcome is None else "finished")
        elif on:
            self._complete_step()
            self._picture()
            self._episodes.open_twin()
            self._say("")
            self._go("running")

    def _on_replay(self, attempts: Sequence[AttemptLog]) -> None:
        attempt = self._episodes.begin_replay(attempts)
        self._state = "running"
        self._begun(attempt)

    def _change(self, settings: Settings, name: str) -> None:
        """Begin with another task or policy, which may take seconds to load."""
        self._say(f"opening {name}")
        self._publish()
        attempt = self._episodes.begin(settings)
        self._say("")
        self._begun(attempt)

    def _next(self) -> None:
        self._begun(self._episodes.begin_next())

    def _begun(self, attempt: Attempt) -> None:
        self._frame = None
        self._go("paused" if self._state == "paused" else "running")
        for watcher in self._watchers:
            watcher.on_reset(attempt.observation)

    def _go(self, state: str) -> None:
        self._state = state
        self._due = time.perf_counter()

    # Views

    def _say(self, text: str, warning: bool = False) -> None:
        self._notice = (" ".join(text.split()), warning, time.perf_counter() + NOTICE_S)

    def _notice_ran_out(self, now: float) -> bool:
        if not self._notice[0] or now < self._notice[2] or self._episodes.attempt is None:
            return False
        self._notice = ("", False, 0.0)
        return True

    def _picture(self) -> Image:
        """The newest picture of ``front``; the one that was published last if nothing moved since."""
        if self._frame is None:
            assert self._episodes.attempt is not None
            self._frame = self._episodes.attempt.world.render("front", RENDER_SIZE)
            self._frame_number += 1
        return self._frame

    def _publish(self) -> None:
        if self._episodes.attempt is None:
            return
        twin = self._episodes.twin
        frame = self._picture() if twin is None else self._kept_picture()
        view = look(self._episodes, self._state, frame, self._frame_number, self._notice[:2], self._handout)
        for watcher in self._watchers:
            watcher.on_view(view)

    def _kept_picture(self) -> Image:
        """While a twin plays in the attempt's world, the attempt still looks as it did."""
        assert self._frame is not None, "taken before the twin began"
        return self._frame
