"""``record``: episodes of any agent in any source, as a LeRobot dataset that survives a kill."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

from wam_demo.arguments import Parser, add_one_task, add_policy, one_of, whole, word
from wam_demo.commands.output import finish, prepare, progress
from wam_demo.commands.recording import map_recording, open_recording
from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.robots.source import Source
    from wam_demo.runtime.record_episodes import RecordedEpisode, Scene, SeededSubmit
    from wam_demo.runtime.recorder import Verdict

SUMMARY = "record episodes as a LeRobot dataset, corrections included"
SIMULATOR, ARM = "simulator", "arm"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    from wam_demo.robots.arm.wire import MODES

    add_policy(parser)
    add_one_task(parser)
    parser.add_argument(
        "--source", default=SIMULATOR, metavar="S",
        help=f"{SIMULATOR}, {ARM} (the connected one), or a recording that a policy watches",
    )  # fmt: skip
    parser.add_argument("--mode", type=one_of("mode", MODES), default="half", help="of an arm: dry, half, full (half)")
    parser.add_argument("--episodes", type=whole(1, 100_000), default=10, metavar="N", help="episodes to add (10)")
    parser.add_argument("--person", choices=["expert"], help="who takes over when the policy gets nowhere")
    parser.add_argument(
        "--axis", type=word, default="none", metavar="A", help="perturbation axis of every scene (none)"
    )
    parser.add_argument(
        "--severity", type=whole(1, 5), default=3, metavar="S", help="1 .. 5, on a perturbation axis (3)"
    )
    parser.add_argument("--episode", type=whole(0, 1_000_000), default=0, metavar="K", help="of a recording (0)")
    parser.add_argument("--instruction", metavar="TEXT", help="what is said; default: the task's or recording's own")
    parser.add_argument("--map", action="append", default=[], metavar="ENTRY=VALUE", help="of a recording; see inspect")


def run(options: argparse.Namespace) -> None:
    """Add episodes to the dataset at ``--out``; the same call goes on after a kill."""
    from wam_demo.policies.receding import InlinePlanner
    from wam_demo.policies.registry import checkpoint_digest, load_policy
    from wam_demo.robots.simulator import SimulatorSource
    from wam_demo.runtime.record_episodes import record_episodes
    from wam_demo.runtime.recorder import Recorder

    has_task = options.source in (SIMULATOR, ARM)
    _check(options)
    out = prepare(options, "record")
    began, episodes = time.monotonic(), list[Any]()
    with ExitStack() as opened:
        # loaded before an arm is connected, which takes a client that falls silent for gone
        engine = opened.enter_context(_engine(options)) if options.source == ARM else None
        source, finished = opened.enter_context(_SOURCES.get(options.source, _recorded)(options))
        recorder = opened.enter_context(closing(Recorder(out, source.reset(0))))
        world = source.world if isinstance(source, SimulatorSource) else None
        submit = engine or InlinePlanner(load_policy(options.policy, options.checkpoint, world)).submit
        print(f"{out} holds {recorder.found}")
        count = options.episodes if has_task else 1
        with progress(count, "record") as advance:

            def done(episode: RecordedEpisode) -> None:
                episodes.append(episode)
                advance()

            record_episodes(
                source,
                submit,
                recorder,
                _scenes(options, recorder.episodes, count),
                task=options.task if has_task else "",
                horizon=_horizon(options.task) if has_task else 10**9,
                policy=options.policy,
                source_name=options.source if has_task else "recording",
                intervene=_person(options, source),
                finished=finished,
                ask=_ask(source),
                done=done,
            )
        total = recorder.episodes
    content = {
        "policy": options.policy,
        "checkpoint_sha256": checkpoint_digest(options.policy, options.checkpoint),
        "task": options.task if has_task else None,
        "seed": options.seed,
        "episodes": len(episodes),
        "successes": sum(episode.success for episode in episodes),
        "frames": sum(episode.frames for episode in episodes),
        "interventions": sum(episode.interventions for episode in episodes),
        "episodes_in_dataset": total,
        "seconds": round(time.monotonic() - began, 3),
    }
    finish(out, "record", content)


def _check(options: argparse.Namespace) -> None:
    """Refuse what cannot be, before anything is opened."""
    from wam_demo.policies.registry import require_policy
    from wam_demo.sim import perturb

    spec = require_policy(options.policy, options.checkpoint)
    if options.axis != "none":
        perturb.sample(options.axis, options.severity, 0)
    if options.source != SIMULATOR and (spec.privileged or options.person or options.axis != "none"):
        what = "an arm" if options.source == ARM else "a recording"
        raise InvalidInputError(f"{what} has no simulator: neither expert, nor --person, nor --axis goes with it")


@contextmanager
def _simulated(options: argparse.Namespace) -> Iterator[tuple[Source, Callable[[], bool]]]:
    from wam_demo.robots.simulator import simulator

    with closing(simulator(options.task)) as source:
        yield source, lambda: False


@contextmanager
def _armed(options: argparse.Namespace) -> Iterator[tuple[Source, Callable[[], bool]]]:
    from wam_demo.robots.arm.settings import arm_address
    from wam_demo.robots.arm.source import ArmSource

    address = arm_address()
    with closing(ArmSource.connect(address, options.mode, options.instruction or "", "record")) as source:
        yield source, lambda: False


@contextmanager
def _recorded(options: argparse.Namespace) -> Iterator[tuple[Source, Callable[[], bool]]]:
    from wam_demo.robots.recording import Recording, RecordingSource

    path, description = open_recording(options.source)
    with Recording(path, description, map_recording(description, options), options.episode) as recording:
        source = RecordingSource(recording.moments())
        yield source, lambda: source.finished


_SOURCES = {SIMULATOR: _simulated, ARM: _armed}


@contextmanager
def _engine(options: argparse.Namespace) -> Iterator[SeededSubmit]:
    from wam_demo.policies.engine import InferenceEngine
    from wam_demo.policies.engines import load_computed

    with closing(InferenceEngine(load_computed(options.policy, options.checkpoint))) as engine:
        yield lambda observation, seed: engine.submit(observation, seed=seed)


def _ask(source: Source) -> Callable[[Verdict], Verdict]:
    """A person says how an episode on a real arm went."""
    from wam_demo.commands.verdict import ask_verdict
    from wam_demo.robots.source import Judged
    from wam_demo.runtime.recorder import Verdict

    def ask(verdict: Verdict) -> Verdict:
        if source.clock != "real" or (isinstance(source, Judged) and not source.unscored):
            return verdict
        success, _ = ask_verdict()
        return Verdict(success, "person", "success" if success else "failure")

    return ask


def _scenes(options: argparse.Namespace, before: int, count: int) -> Iterator[Scene]:
    """Scenes that no evaluation has: their seeds go on where the dataset ends."""
    from wam_demo.data.plan import FIRST_SEED
    from wam_demo.runtime.record_episodes import Scene
    from wam_demo.sim import perturb
    from wam_demo.types import Event

    for number in range(before, before + count):
        seed = FIRST_SEED * (1 + options.seed) + number
        events = [] if options.axis == "none" else list(perturb.sample(options.axis, options.severity, seed))
        if options.instruction is not None and options.source == SIMULATOR:
            events.append(Event(0, "language", {"text": options.instruction}))
        yield Scene(seed, events)


def _person(options: argparse.Namespace, source: Source) -> Callable[[], Any] | None:
    """What the scripted person would do now."""
    from wam_demo.policies.scripted import ExpertPolicy
    from wam_demo.robots.simulator import SimulatorSource

    if options.person is None or not isinstance(source, SimulatorSource):
        return None
    return ExpertPolicy(source.world).act


def _horizon(task: str) -> int:
    from wam_demo.sim import TASKS

    return TASKS[task].horizon
