"""The state machine of one visitor: commands in, control steps in real time, views out."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.session.attempt import Attempt
from wam_demo.session.contracts import Backend, Command, Planner, Settings, View, Watcher
from wam_demo.session.disturb import DISTURBANCES, Disturber
from wam_demo.types import CONTROL_HZ, Image

if TYPE_CHECKING:
    from wam_demo.sim.world import World

OUTCOME_S = 2.0
"""How long the end of an episode stays on the page before the next seed starts."""
NOTICE_S = 4.0
"""How long a message stays."""
LATE_S = 0.25
"""Further behind real time than this, the clock gives in instead of hurrying after it."""
RENDER_SIZE = 256
"""Side [px] of the picture of ``front`` that people see."""
SEEDS = 2**31
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

    def __init__(
        self,
        settings: Settings,
        backend: Backend,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self._settings = settings
        self._backend = backend
        self._watchers = list(watchers)
        self._commands: queue.Queue[Command | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)
        self._closing = threading.Event()
        self._state = "running"
        self._world: World | None = None
        self._planner: Planner | None = None
        self._attempt: Attempt | None = None
        self._frame: Image | None = None
        self._frame_number = 0
        self._disturber = Disturber(backend.sample)
        self._episode = self._episodes = self._successes = 0
        self._due = self._ended = 0.0
        self._notice: tuple[str, bool, float] = ("", False, 0.0)

    def start(self) -> None:
        """Open the world and run."""
        self._thread.start()

    def post(self, command: Command) -> None:
        """Hand in a command; it takes effect at the next half control step. Thread-safe."""
        self._commands.put(command)

    def warn(self, text: str) -> None:
        """Show one line to the person. Thread-safe."""
        self._commands.put(Command("warn", {"text": text}))

    def close(self, timeout: float | None = None) -> None:
        """End the thread and free the simulator; waits at most ``timeout`` seconds. Idempotent."""
        self._closing.set()
        self._commands.put(None)
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
            self._guarded(lambda: self._restart(self._settings))
            self._due = time.perf_counter()
            while not self._closing.is_set():
                self._tick()
        finally:
            self._free()

    def _tick(self) -> None:
        changed = self._take_commands()
        now = time.perf_counter()
        if self._state == "running" and now >= self._due:
            self._guarded(self._half_step)
            self._due = max(self._due + _HALF_STEP_S, now - LATE_S)
        elif self._finished_long_enough(now):
            self._guarded(lambda: self._restart(self._next_seed()))
        elif changed or self._notice_ran_out(now):
            self._guarded(self._publish)

    def _take_commands(self) -> bool:
        """Wait for the next half step or a command, whichever comes first."""
        running = self._state == "running"
        wait = self._due - time.perf_counter() if running else _HALF_STEP_S
        taken = False
        while not self._closing.is_set():
            try:
                command = self._commands.get(timeout=wait) if wait > 0 else self._commands.get_nowait()
            except queue.Empty:
                return taken
            if command is not None:
                self._guarded(lambda command=command: self._obey(command))  # type: ignore[misc]
                taken, wait = True, 0.0
        return taken

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

    def _half_step(self) -> None:
        attempt = self._attempt
        if attempt is None:
            self._state = "fault"
            return
        if attempt.half == 0:
            attempt.begin(self._picture())
            self._frame = None
            if time.perf_counter() < self._due + _HALF_STEP_S:  # when late, motion before pictures
                self._publish()
            return
        record = attempt.finish()
        self._frame = None
        for watcher in self._watchers:
            watcher.on_step(record)
        if record.fault is not None:
            self._say(f"holding the arm: {record.fault}", warning=True)
        if attempt.outcome is not None:
            self._end(attempt)
        self._publish()

    # Commands

    def _obey(self, command: Command) -> None:
        if command.kind in DISTURBANCES:
            self._disturb(command)
        else:
            getattr(self, f"_on_{command.kind}")(**command.parameters)

    def _on_warn(self, text: str) -> None:
        self._say(text, warning=True)

    def _on_run(self) -> None:
        if self._state == "finished":
            self._restart(self._next_seed())
        elif self._attempt is None or self._state == "fault":
            self._restart(self._settings)
        self._go("running")

    def _on_pause(self) -> None:
        if self._state == "running":
            self._go("paused")

    def _on_step(self) -> None:
        if self._state == "finished":
            return
        self._go("paused")
        for _ in range(1 if self._attempt and self._attempt.half else 2):
            self._half_step()

    def _on_reset(self) -> None:
        self._restart(self._settings)

    def _on_next(self) -> None:
        self._restart(self._next_seed())

    def _on_autoplay(self, on: bool) -> None:
        self._settings = replace(self._settings, autoplay=on)

    def _on_task(self, name: str) -> None:
        if name != self._settings.task:
            self._restart(replace(self._settings, task=name))

    def _on_policy(self, name: str) -> None:
        if name != self._settings.policy:
            self._restart(replace(self._settings, policy=name))

    def _on_seed(self, seed: int) -> None:
        self._restart(replace(self._settings, seed=seed))

    def _on_instruction(self, text: str) -> None:
        self._running_world().apply_event("language", {"text": text})

    def _disturb(self, command: Command) -> None:
        self._disturber.apply(command.kind, command.parameters, self._running_world())
        self._frame = None

    def _running_world(self) -> World:
        if self._world is None or self._attempt is None:
            raise InvalidInputError("no episode is open; reset to start one")
        return self._world

    # Episodes

    def _next_seed(self) -> Settings:
        return replace(self._settings, seed=(self._settings.seed + 1) % SEEDS)

    def _restart(self, settings: Settings) -> None:
        """Begin an attempt; a world or planner that cannot be opened leaves the old one running."""
        world, planner = self._world, self._planner
        new_world = world is None or settings.task != world.task
        if new_world:
            world = self._backend.open_world(settings.task)
        assert world is not None
        if new_world or planner is None or settings.policy != self._settings.policy:
            planner = self._backend.open_planner(settings.policy, world)
        if new_world and self._world is not None:
            self._world.close()
        if self._attempt is not None:
            self._attempt.close()
        self._world, self._planner, self._settings = world, planner, settings
        self._attempt = self._new_attempt(world, planner)
        self._episode += 1
        self._frame = None
        self._go("paused" if self._state == "paused" else "running")
        for watcher in self._watchers:
            watcher.on_reset(self._attempt.observation)

    def _new_attempt(self, world: World, planner: Planner) -> Attempt:
        seed = self._settings.seed
        horizon = self._backend.horizons[self._settings.task]
        return Attempt(world, planner, seed, horizon, self._disturber.at_reset(seed, world))

    def _end(self, attempt: Attempt) -> None:
        assert attempt.outcome is not None
        self._episodes += 1
        self._successes += attempt.outcome.name == "success"
        self._ended = time.perf_counter()
        self._state = "finished"

    def _finished_long_enough(self, now: float) -> bool:
        waited = now - self._ended > OUTCOME_S
        return self._state == "finished" and self._settings.autoplay and waited

    def _go(self, state: str) -> None:
        self._state = state
        self._due = time.perf_counter()

    # Views

    def _say(self, text: str, warning: bool = False) -> None:
        self._notice = (" ".join(text.split()), warning, time.perf_counter() + NOTICE_S)

    def _notice_ran_out(self, now: float) -> bool:
        if not self._notice[0] or now < self._notice[2]:
            return False
        self._notice = ("", False, 0.0)
        return True

    def _picture(self) -> Image:
        """The newest picture of ``front``; the one that was published last if nothing moved since."""
        if self._frame is None:
            assert self._world is not None
            self._frame = self._world.render("front", RENDER_SIZE)
            self._frame_number += 1
        return self._frame

    def _publish(self) -> None:
        attempt, (notice, warning, _) = self._attempt, self._notice
        if attempt is None:
            return
        view = View(
            episode=self._episode,
            state=self._state,
            step=attempt.step,
            horizon=attempt.horizon,
            settings=self._settings,
            instruction=attempt.world.instruction,
            names=_names(attempt.world),
            severities=dict(self._disturber.severities),
            frame=self._picture(),
            frame_number=self._frame_number,
            observation=attempt.observation,
            played=attempt.played,
            attended=attempt.attended,
            imagination=attempt.foresight.latest,
            surprises=dict(attempt.foresight.surprises),
            errors={ahead: tuple(found) for ahead, found in attempt.foresight.errors.items()},
            events=attempt.world.events,
            outcome=attempt.outcome,
            successes=self._successes,
            episodes=self._episodes,
            notice=notice,
            warning=warning,
        )
        for watcher in self._watchers:
            watcher.on_view(view)

    def _free(self) -> None:
        if self._attempt is not None:
            self._attempt.close()
        if self._world is not None:
            self._world.close()
        self._attempt = self._world = None


def _names(world: World) -> dict[str, str]:
    """Colour and noun of the bodies that a task speaks of."""
    colours, nouns = world.assignment.colours, world.assignment.nouns
    return {body: f"{colours[body]} {noun}" if body in colours else noun for body, noun in nouns.items()}
