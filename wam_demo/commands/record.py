"""``record``: episodes of any agent in any source, as a LeRobot dataset that survives a kill."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

from wam_demo.arguments import Parser, add_one_task, add_policy, whole, word
from wam_demo.commands.output import finish, prepare, progress
from wam_demo.commands.recording import map_recording, open_recording
from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.robots.source import Source
    from wam_demo.runtime.record_episodes import RecordedEpisode, Scene

SUMMARY = "record episodes as a LeRobot dataset, corrections included"
SIMULATOR = "simulator"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    add_policy(parser)
    add_one_task(parser)
    parser.add_argument(
        "--source", default=SIMULATOR, metavar="S", help=f"{SIMULATOR}, or a recording that a policy watches"
    )
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

    simulated = options.source == SIMULATOR
    _check(options, simulated)
    out = prepare(options, "record")
    began, episodes = time.monotonic(), list[Any]()
    with ExitStack() as opened:
        source, finished = opened.enter_context((_simulated if simulated else _recorded)(options))
        recorder = opened.enter_context(closing(Recorder(out, source.reset(0))))
        world = source.world if isinstance(source, SimulatorSource) else None
        policy = load_policy(options.policy, options.checkpoint, world)
        print(f"{out} holds {recorder.found}")
        count = options.episodes if simulated else 1
        with progress(count, "record") as advance:

            def done(episode: RecordedEpisode) -> None:
                episodes.append(episode)
                advance()

            record_episodes(
                source,
                InlinePlanner(policy).submit,
                recorder,
                _scenes(options, recorder.episodes, count),
                task=options.task if simulated else "",
                horizon=_horizon(options.task) if simulated else 10**9,
                policy=options.policy,
                source_name=SIMULATOR if simulated else "recording",
                intervene=_person(options, source),
                finished=finished,
                done=done,
            )
        total = recorder.episodes
    content = {
        "policy": options.policy,
        "checkpoint_sha256": checkpoint_digest(options.policy, options.checkpoint),
        "task": options.task if simulated else None,
        "seed": options.seed,
        "episodes": len(episodes),
        "successes": sum(episode.success for episode in episodes),
        "frames": sum(episode.frames for episode in episodes),
        "interventions": sum(episode.interventions for episode in episodes),
        "episodes_in_dataset": total,
        "seconds": round(time.monotonic() - began, 3),
    }
    finish(out, "record", content)


def _check(options: argparse.Namespace, simulated: bool) -> None:
    """Refuse what cannot be, before anything is opened."""
    from wam_demo.policies.registry import require_policy
    from wam_demo.sim import perturb

    spec = require_policy(options.policy, options.checkpoint)
    if options.axis != "none":
        perturb.sample(options.axis, options.severity, 0)
    if not simulated and (spec.privileged or options.person or options.axis != "none"):
        raise InvalidInputError("a recording has no simulator: neither expert, nor --person, nor --axis goes with it")


@contextmanager
def _simulated(options: argparse.Namespace) -> Iterator[tuple[Source, Callable[[], bool]]]:
    from wam_demo.robots.simulator import simulator

    with closing(simulator(options.task)) as source:
        yield source, lambda: False


@contextmanager
def _recorded(options: argparse.Namespace) -> Iterator[tuple[Source, Callable[[], bool]]]:
    from wam_demo.robots.recording import Recording, RecordingSource

    path, description = open_recording(options.source)
    with Recording(path, description, map_recording(description, options), options.episode) as recording:
        source = RecordingSource(recording.moments())
        yield source, lambda: source.finished


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
