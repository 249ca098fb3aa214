"""A policy that sees the drawn world: it steers to the target, imagines a blur and attends to a spot."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import numpy as np

from tests.fakes.dreamer import dream_source
from tests.fakes.prober import GRID, FakeProber
from tests.fakes.world import FakeWorld, sample
from wam_demo.errors import InvalidInputError, PolicyFault
from wam_demo.policies.probe import run_probe
from wam_demo.policies.registry import PolicySpec, policy_spec, policy_specs, register
from wam_demo.policies.whatif import along, towards
from wam_demo.runtime import Backend, Planner
from wam_demo.types import ActionChunk, Prediction
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.questions import CounterfactualPlanning, Probing

_pool = ThreadPoolExecutor(2)
STEER = PolicySpec(
    name="steer",
    label="Steer",
    sentence="It steers to the red dot.",
    load=lambda context: None,
    imagines=True,
    attends=True,
    can_be_probed=True,
    follows_a_plan=True,
    dreams=True,
    labels=True,
    is_available=lambda: False,
)
if STEER.name not in [spec.name for spec in policy_specs()]:
    register(STEER)


def plan(observation) -> Prediction:
    """Steers to where the red dot is, more slowly towards the end of the plan."""
    tcp, target = observation.state[:3], observation.state[10:12]
    actions = np.zeros((16, 7), np.float32)
    for k in range(16):
        step = np.clip(np.append(target - tcp[:2], 0.1 - tcp[2]) * 0.12, -0.02, 0.02)
        actions[k, :3], actions[k, 6] = step, float(k < 10)
        tcp = tcp + step
    grid = np.exp(-((np.mgrid[:8, :8] - [[[5]], [[5]]]) ** 2).sum(0) / 2.0).astype(np.float32)
    attention = {"front": grid / grid.sum() * 0.7, "wrist": np.full((8, 8), 0.15 / 64, np.float32)}
    mass = {"proprio": 0.1, "text": 0.05}
    if observation.instruction == "nan":
        actions[:] = np.nan
    return Prediction(ActionChunk(actions), attention, mass, {}, {"policy_call": 38.0})


def imagine(observation):
    def blur(image, k):
        return cv2.GaussianBlur(image, (0, 0), 0.5 + k)

    return [{camera: np.stack([blur(image, k) for k in range(4)]) for camera, image in observation.images.items()}]


def planner(delay_s: float = 0.02) -> Planner:
    """A planner as the inference engine gives one: it answers later, from another thread."""

    def later(work, observation) -> Future:
        def run():
            time.sleep(delay_s)
            return work(observation)

        return _pool.submit(run)

    return Planner(lambda o: later(checked, o), lambda o, chunk: later(imagine, o))


def checked(observation):
    from wam_demo.policies.checks import check_prediction

    return check_prediction(plan(observation))


def at_once(observation) -> Future:
    """A plan that is there already."""
    future: Future = Future()
    try:
        future.set_result(checked(observation))
    except PolicyFault as fault:
        future.set_exception(fault)
    return future


def hold_planner() -> Planner:
    from wam_demo.policies.receding import InlinePlanner
    from wam_demo.policies.scripted import HoldPolicy

    return Planner(InlinePlanner(HoldPolicy()).submit)


def open_dream(policy, observation):
    """``steer`` dreams grey pictures, whose level follows the arm."""
    if policy != "steer":
        raise InvalidInputError(f"{policy} cannot dream")
    return dream_source(start=observation)


def backend(horizon: int = 90, recordings=None) -> Backend:
    return Backend(
        recordings=recordings,
        open_source=FakeWorld,
        open_planner=lambda policy, source: planner() if policy == "steer" else hold_planner(),
        sample=sample,
        horizons={"reach": horizon, "wander": horizon},
        open_dream=open_dream,
    )


def probing(policy: str, delay_s: float = 0.05) -> Probing:
    """``steer``'s plan depends on two cells of ``front``, (5, 5) and (5, 4), and on the rest a little."""
    weights = np.full(GRID.count, 0.002)
    weights[[45, 44]] = 0.4, 0.2
    prober = FakeProber(weights, 1 + 20 * weights)

    def submit(observation, edits) -> Future:
        def run():
            time.sleep(delay_s)
            return run_probe(prober, observation, edits)

        return _pool.submit(run)

    return Probing(GRID, submit)


def counterfactuals(policy: str, delay_s: float = 0.05) -> CounterfactualPlanning:
    """``steer`` imagines that all turns as grey as the hand goes far to the right; there is no table at the top."""

    def submit(observation, chunk) -> Future:
        def run():
            time.sleep(delay_s)
            grey = int(np.clip(128 + 800 * chunk.actions[:, 1].sum(), 0, 255))
            return [
                {camera: np.full((4, *image.shape), grey, np.uint8) for camera, image in observation.images.items()}
            ]

        return _pool.submit(run)

    def plan_along(observation, way):
        if min(v for _, v in way) <= 0.2:
            return None
        points = np.array([[0.5, u - 0.5, 0.1] for u, _ in way], np.float32)
        return towards(observation, points[0]) if len(way) == 1 else along(observation, points)

    return CounterfactualPlanning(plan_along, submit)


def catalogue(horizon: int = 90, recordings=None) -> Catalogue:
    """Tasks and policies of the drawn world."""
    return Catalogue(
        tasks={"reach": "Reach the dot", "wander": "Wander about"},
        policies={"steer": STEER, "hold": policy_spec("hold")},
        axes=("camera", "light", "background", "noise", "delay", "occlusion"),
        backend=backend(horizon, recordings),
        open_probing=probing,
        open_counterfactuals=counterfactuals,
    )
