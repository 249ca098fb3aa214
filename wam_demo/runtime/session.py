"""The state machine of one visitor: commands in, control steps in real time, views out."""

from __future__ import annotations

import logging
import math
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from wam_demo.errors import InvalidInputError, SourceFault, WamDemoError
from wam_demo.limits import ARM_PAGE_S
from wam_demo.policies.receding import EXECUTE_STEPS
from wam_demo.runtime.attempt import Attempt
from wam_demo.runtime.clock import SessionClock
from wam_demo.runtime.contracts import Backend, Command, DreamActions, Export, SessionView, Settings, Watcher
from wam_demo.runtime.disturb import DISTURBANCES
from wam_demo.runtime.episodes import Episodes
from wam_demo.runtime.exports import EXPORTS
from wam_demo.runtime.log import AttemptLog
from wam_demo.runtime.memory import trim
from wam_demo.runtime.person import Person, PersonCommand
from wam_demo.runtime.recording import SessionRecording, unevaluated
from wam_demo.runtime.takeover import TakeoverAgent
from wam_demo.runtime.twin import Twin
from wam_demo.runtime.view import session_view
from wam_demo.types import CONTROL_HZ, Image

OUTCOME_S = 4.0
"""How long the end of an episode stays on the page before the next seed starts."""
NOTICE_S = 4.0
"""How long a message stays."""
LATE_S = 0.25
"""Further behind real time than this, the clock gives in instead of hurrying after it."""
EASE_S = 5.0
"""How long there is one picture a control step instead of two, after a plan came late."""
COMMANDS = 256
"""Commands that may wait; a page that sends faster than they are obeyed loses the rest."""
PREPARE_S = 5.0
"""How long the first motion waits for the first imagination, at most."""
PICTURES_HZ = 2 * CONTROL_HZ
_TICK_S = 1 / PICTURES_HZ

_log = logging.getLogger(__name__)


class Session:
    """One visitor's source and policy, on a thread of their own.

    The thread owns the source and what it renders with. The policy is asked asynchronously, so that motion
    never waits for the model; without a usable plan the arm holds and the view says so. Without a thread,
    whoever calls `open` and then `tick` is the session's thread.

    Args:
        settings: Task, policy and seed to begin with.
        backend: Makes sources and planners, in the session's thread.
        watchers: Called in the session's thread after each reset, control step and picture.
        clock: Paces the control steps.
    """

    def __init__(
        self,
        settings: Settings,
        backend: Backend,
        watchers: Sequence[Watcher] = (),
        clock: SessionClock | None = None,
    ) -> None:
        self._clock = clock or SessionClock()
        self._person = Person(self._clock.now)
        self._recording = SessionRecording(backend.recordings, self._clock.now)
        self._episodes = Episodes(settings, backend, [self._recording, *watchers], self._person)
        self._watchers = list(watchers)
        self._commands: queue.Queue[Command | None] = queue.Queue(COMMANDS)
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)
        self._closing = threading.Event()
        self._state = "running"
        self._frame: Image | None = None
        self._frame_number = 0
        self._due = self._ended = self._eased_until = self._begun_at = 0.0
        self._heard = self._clock.now()
        self._resumes = False
        self._view: SessionView | None = None
        self._notice: tuple[str, bool, float] = ("", False, 0.0)
        self._export: Export | None = None

    def start(self) -> None:
        """Open the source and run."""
        self._thread.start()

    def heard(self) -> None:
        """The page is there: an arm moves only while it is. Thread-safe."""
        self._heard = self._clock.now()

    def post(self, command: Command) -> None:
        """Hand in a command; it takes effect at the next part of a control step. Thread-safe."""
        self.heard()
        with suppress(queue.Full):
            self._commands.put_nowait(command)

    def drive(self, command: PersonCommand) -> None:
        """A person moves the arm; the newest command counts at the next control step. Thread-safe."""
        self.heard()
        self._person.put(command)

    def warn(self, text: str) -> None:
        """Show one line to the person. Thread-safe."""
        self.post(Command("warn", {"text": text}))

    def close(self, timeout: float | None = None) -> None:
        """End the thread and free the source; waits at most ``timeout`` seconds. Idempotent."""
        self._closing.set()
        with suppress(queue.Full):
            self._commands.put_nowait(None)
        if self._thread.ident is None:
            self._end()
        elif timeout and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    @property
    def notice(self) -> str:
        """The line for the person; the only thing there is to show if no source could be opened."""
        return self._notice[0]

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    # The loop

    def _run(self) -> None:
        try:
            self.open()
            while not self._closing.is_set():
                self.tick()
        finally:
            self._end()

    def _end(self) -> None:
        self._recording.close()
        self._episodes.close()
        trim()

    def open(self) -> None:
        """Open the source and the policy and begin the first attempt."""
        self._guarded(self._first)

    def _first(self) -> None:
        self._say("opening the scene and the policy")
        self._episodes.begin()
        self._say("")
        self._begun()

    def tick(self) -> None:
        """Wait for the next part of a control step or command, and do it."""
        obeyed = self._take_commands()
        now = self._clock.now()
        if self._state == "running" and now >= self._due:
            self._guarded(self._move)
            self._due = max(self._due + _TICK_S, now - LATE_S)
        elif self._outcome_was_shown(now):
            self._guarded(self._next)
        elif obeyed or self._notice_ran_out(now) or self._answer_came():
            self._guarded(self._publish)

    def _answer_came(self) -> bool:
        """Whether a plan or an imagination has come while nothing moves."""
        attempt = self._episodes.attempt
        if attempt is None or self._episodes.twin is not None:
            return False
        still = self._state == "paused" or (self._state == "running" and not attempt.step)
        return still and attempt.collect()

    def _take_commands(self) -> bool:
        """Wait for the next part of a step or a command, whichever comes first, and obey."""
        wait = min(_TICK_S, self._due - self._clock.now()) if self._state == "running" else _TICK_S
        obeyed = False
        while not self._closing.is_set():
            try:
                command = self._clock.next_command(self._commands, wait)
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
        except SourceFault as error:  # a gate has stopped its arm, or nothing is there: going on is up to a person
            self._state = "paused" if self._episodes.attempt is not None else "fault"
            self._say(str(error), warning=True)
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
            self._part_step()
        else:
            self._twin_step(self._episodes.twin)
            self._due += (self._parts - 1) * _TICK_S  # it makes whole control steps

    @property
    def _is_driven(self) -> bool:
        attempt = self._episodes.attempt
        return attempt is not None and attempt.takeover is not None and attempt.takeover.state.person

    @property
    def _parts(self) -> int:
        """Pictures of one control step; whoever drives does so in real time, and an arm knows no other."""
        if self._is_driven or self._episodes.is_real:
            return round(PICTURES_HZ / CONTROL_HZ)
        return round(PICTURES_HZ / CONTROL_HZ / self._episodes.settings.speed)

    def _part_step(self) -> None:
        attempt = self._episodes.attempt
        if attempt is None:
            self._state = "fault"
        elif self._episodes.is_real and self._clock.now() - self._heard > ARM_PAGE_S:
            raise SourceFault("the page fell silent, so the arm holds")
        elif not attempt.loop.halfway:
            if self._is_prepared(attempt):
                if self._resumes:
                    attempt.resume()
                    self._resumes = False
                attempt.begin(self._parts)
                self._ended_by_now(attempt)
                self._publish_picture(attempt, must=self._is_driven)
        elif attempt.loop.proceed():
            self._publish_picture(attempt)
        else:
            self._finish_step(attempt)
            self._publish_picture(attempt, must=not self._is_driven)

    def _is_prepared(self, attempt: Attempt) -> bool:
        """Whether it may move: what its first plan leads to is shown before."""
        if self._person.holds or attempt.prepare() or self._clock.now() > self._begun_at + PREPARE_S:
            return True
        if self._notice_ran_out(self._clock.now()):
            self._publish()
        return False

    def _publish_picture(self, attempt: Attempt, must: bool = False) -> None:
        """One of a control step's; it must be the first for who drives and wants to see it move, else the last."""
        if must or attempt.outcome is not None or self._has_time(attempt):
            self._publish()

    def _has_time(self, attempt: Attempt) -> bool:
        """Whether to show a further picture of a control step: motion and plans go first."""
        now = self._clock.now()
        if attempt.loop.agent.wait_steps >= EXECUTE_STEPS:
            self._eased_until = now + EASE_S
        return self._eased_until <= now < self._due + _TICK_S

    def _finish_step(self, attempt: Attempt) -> None:
        record = attempt.finish()
        if record.fault is not None:
            self._say(f"holding the arm: {record.fault}", warning=True)
        if self._recording.fault:
            self._say(self._recording.fault, warning=True)
            self._recording.fault = ""
        self._ended_by_now(attempt)

    def _ended_by_now(self, attempt: Attempt) -> None:
        if attempt.outcome is None:
            return
        self._episodes.count()
        self._recording.ended(attempt.outcome)
        self._ended = self._clock.now()
        self._state = "finished"
        if attempt.replay is not None:
            replay = attempt.replay
            self._say(replay.verdict(), warning=not replay.exact)
            return
        log = self._episodes.present_log()
        for watcher in self._watchers:
            watcher.on_end(log)

    def _complete_step(self) -> None:
        """Bring the attempt to the end of its control step: what follows falls between two of them."""
        attempt = self._episodes.attempt
        while self._state in ("running", "paused") and attempt is not None and attempt.loop.halfway:
            self._part_step()
            self._due += _TICK_S

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
        if self._state != "finished" or now - self._ended <= OUTCOME_S or self._recording.awaits_verdict:
            return False
        return self._episodes.may_go_on or (self._recording.active and not self._episodes.is_real)

    # Commands

    def _obey(self, command: Command) -> None:
        if command.kind in DISTURBANCES:
            self._complete_step()
            self._episodes.disturb(command.kind, command.parameters)
        elif command.kind in EXPORTS:
            self._complete_step()
            number = 1 if self._export is None else self._export.number + 1
            self._export = Export(number, command.kind, EXPORTS[command.kind](self._episodes))
        else:
            getattr(self, f"_on_{command.kind}")(**command.parameters)

    def _on_warn(self, text: str) -> None:
        self._say(text, warning=True)

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
        self._resumes = True
        self._move()
        while self._episodes.twin is None and attempt.loop.halfway:
            self._move()

    def _note_command(self, name: str) -> None:
        if self._episodes.twin is None and self._episodes.attempt is not None:
            self._episodes.attempt.recorder.command(name)

    def _on_reset(self) -> None:
        self._episodes.begin()
        self._begun()

    def _on_next(self) -> None:
        self._next()

    def _on_autoplay(self, on: bool) -> None:
        self._episodes.settings = replace(self._episodes.settings, autoplay=on)

    def _on_task(self, name: str) -> None:
        if name != self._episodes.settings.task:
            self._change(replace(self._episodes.settings, task=name, words=None), name)

    def _on_policy(self, name: str) -> None:
        if name != self._episodes.settings.policy:
            self._change(replace(self._episodes.settings, policy=name), name)

    def _on_seed(self, seed: int) -> None:
        self._episodes.begin(replace(self._episodes.settings, seed=seed))
        self._begun()

    def _on_speed(self, speed: float) -> None:
        self._complete_step()
        self._episodes.settings = replace(self._episodes.settings, speed=speed)

    def _on_scene(self, task: str, policy: str, seed: int, severities: Mapping[str, int]) -> None:
        self._say(f"opening {policy} on seed {seed}")
        self._publish()
        before = self._episodes.settings
        words = before.words if task == before.task else None
        self._episodes.begin_scene(replace(before, task=task, policy=policy, seed=seed, words=words), severities)
        self._say("")
        self._begun()

    def _on_instruction(self, text: str) -> None:
        self._complete_step()
        if self._state == "finished" and self._episodes.twin is None:
            self._episodes.begin(replace(self._episodes.settings, words=text))  # the scene it was said about
            self._begun()
        else:
            self._episodes.instruct(text)

    def _on_own_words(self) -> None:
        self._complete_step()
        self._episodes.take_words_back()

    def _on_take(self) -> None:
        self._takeover().take()

    def _on_give_back(self) -> None:
        self._takeover().give_back()

    def _on_share(self, weight: float) -> None:
        self._takeover().share(weight)

    def _takeover(self) -> TakeoverAgent:
        attempt = self._episodes.attempt
        if attempt is None or attempt.takeover is None or self._episodes.twin is not None:
            raise InvalidInputError("nobody can drive here: reset to begin an episode of your own")
        return attempt.takeover

    def _on_record(self, on: bool, name: str = "", auto: bool = True) -> None:
        if not on:
            self._say(self._recording.close())
            return
        attempt = self._episodes.attempt
        busy = self._episodes.twin is not None or self._episodes.dream is not None
        if attempt is None or attempt.replay is not None or busy:
            raise InvalidInputError("begin an episode of your own before you record")
        found = self._recording.open(name, auto, attempt.loop.observation)
        self._on_seed(unevaluated(self._episodes.settings.seed))
        self._say(f"{name} holds {found}")

    def _on_verdict(self, success: bool) -> None:
        self._complete_step()
        number = self._recording.judge(success)
        self._next()
        self._say("nothing was recorded" if number is None else f"episode {number} is kept")

    def _on_again(self) -> None:
        if not self._recording.active:
            raise InvalidInputError("no episode is being recorded")
        self._on_reset()
        self._say("the episode was dropped: once more")

    def _record_this(self) -> None:
        """The attempt that begins is recorded, after a moment to get ready."""
        attempt = self._episodes.attempt
        assert attempt is not None, "it begins"
        if attempt.replay is not None:
            self._recording.close()
            return
        self._go("running")
        source = type(attempt.source).__name__.removesuffix("Source").lower()
        self._due = self._clock.now() + self._recording.begin(self._episodes.settings, source)

    def _on_twin(self, on: bool, dream: DreamActions | None = None) -> None:
        if on and self._recording.active:
            raise InvalidInputError("stop recording before you start a twin")
        if not on and self._episodes.twin is not None:
            self._episodes.close_twin()
            self._ended = self._clock.now()
            self._go(self._left_state())
        elif on:
            self._complete_step()
            if dream is not None:
                self._episodes.close_dream()  # from one side of the switch to another in one command
            self._picture()
            if dream is None:
                self._episodes.open_twin()
            else:
                self._episodes.open_dream_twin(dream)
            self._say("")
            self._go("running")

    def _on_dream(self, on: bool) -> None:
        if on == (self._episodes.dream is not None):
            return
        if on and self._recording.active:
            raise InvalidInputError("stop recording before you dream")
        self._complete_step()
        if on:
            self._episodes.open_dream()
            self._begun_at = self._clock.now()
        else:
            self._episodes.close_dream()
            self._ended = self._clock.now()
        self._say("")
        self._go("paused" if self._state == "paused" or self._episodes.is_real else self._left_state())

    def _left_state(self) -> str:
        attempt = self._episodes.attempt
        return "running" if attempt is None or attempt.outcome is None else "finished"

    def _on_replay(self, attempts: Sequence[AttemptLog]) -> None:
        self._recording.close()
        self._episodes.begin_replay(attempts)
        self._go("running")

    def _change(self, settings: Settings, name: str) -> None:
        """Begin with another task or policy, which may take seconds to load."""
        self._say(f"opening {name}")
        self._publish()
        self._episodes.begin(settings)
        self._say("")
        self._begun()

    def _next(self) -> None:
        self._episodes.begin_next()
        self._begun()

    def _begun(self) -> None:
        self._begun_at = self._clock.now()
        self._go("paused" if self._state == "paused" or self._episodes.is_real else "running")
        if self._recording.active:
            self._record_this()
        self._publish()

    def _go(self, state: str) -> None:
        self._state = state
        self._due = self._clock.now()
        self._resumes = state == "running"

    # Views

    def _say(self, text: str, warning: bool = False) -> None:
        self._notice = (" ".join(text.split()), warning, self._clock.now() + NOTICE_S)

    def _notice_ran_out(self, now: float) -> bool:
        """Forget a message that has stayed long enough; returns whether there was one."""
        if not self._notice[0] or now < self._notice[2] or self._episodes.attempt is None:
            return False
        self._notice = ("", False, 0.0)
        return True

    def _picture(self) -> Image:
        """The newest picture of ``front``; while a twin plays, the attempt still looks as it did."""
        attempt = self._episodes.attempt
        assert attempt is not None
        if self._episodes.twin is None or self._frame is None:
            frame = attempt.picture()
            self._frame_number += frame is not self._frame
            self._frame = frame
        return self._frame

    def _publish(self) -> None:
        if self._episodes.attempt is None:
            self._show_without_attempt()
            return
        self._notice_ran_out(self._clock.now())
        frame = self._picture()
        view = session_view(
            self._episodes, self._state, frame, self._frame_number, self._notice[:2], self._export,
            self._person, self._recording.view(),
        )  # fmt: skip
        self._show(view)

    def _show_without_attempt(self) -> None:
        """An arm that refused to begin: the last view stays, with the reason."""
        if self._view is not None:
            text, warning, _ = self._notice
            self._show(replace(self._view, state=self._state, notice=text, warning=warning))

    def _show(self, view: SessionView) -> None:
        self._view = view
        for watcher in self._watchers:
            watcher.on_view(view)
