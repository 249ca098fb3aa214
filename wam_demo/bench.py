"""Speed of everything the live demo does, beside what the machine can do at best."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_demo.errors import CheckpointError
from wam_demo.evaluate.executors.executor import ExecutorConfig
from wam_demo.evaluate.executors.local import play_grid
from wam_demo.evaluate.specs.evaluation import EVALUATION_SEEDS
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.policies.registry import load_policy
from wam_demo.policies.timing import percentiles
from wam_demo.processes import ProcessDied, Report, SupervisedProcess
from wam_demo.speed import durations_ms, matmul_gflops
from wam_demo.types import Observation

if TYPE_CHECKING:
    from wam_demo.sim.world import World

COLD_START_TIMEOUT_S = 180.0


def bench(
    policy_name: str,
    task: str,
    *,
    checkpoint: Path | None = None,
    episodes: int = 16,
    repeats: int = 40,
    config: ExecutorConfig | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> dict[str, Any]:
    """Measure one learned policy and the simulator on this machine.

    Args:
        policy_name: A learned policy (with ``imagine`` and a ``tokenizer``).
        task: Its scene is rendered and stepped.
        checkpoint: Overrides the shipped weights.
        episodes: Closed-loop episodes behind ``episodes_per_s``.
        repeats: Calls behind every percentile.
        config: Parallelism of the episodes.
        progress: Told the name of each stage as it begins.

    Returns:
        JSON-serialisable; durations in ms unless the name says otherwise, ``rss_mb`` in MiB.

    Raises:
        UnknownNameError: No such policy or task.
        CheckpointError: The checkpoint is missing or corrupt.
    """
    import torch

    from wam_demo.sim.world import World

    progress("cold start")
    cold = cold_start(policy_name, task, checkpoint)
    policy: Any = load_policy(policy_name, checkpoint)
    world = World(task)
    observations = _observations(world, repeats)

    progress("machine")
    peak = matmul_gflops(torch.bfloat16, repeats)
    progress("policy")
    call_ms = durations_ms(lambda i: policy.predict([observations[i]], [0]), repeats)
    gflop = policy_gflop(policy, observations[0])
    reached = gflop / (percentiles(call_ms)["p50"] / 1e3)
    progress("imagination")
    imagine_ms = durations_ms(lambda i: policy.imagine([observations[i]], seed=i), max(repeats // 4, 3))
    progress("tokenizer")
    encode_ms, decode_ms = _tokenizer_ms(policy.tokenizer, observations[0], repeats)
    progress("simulator")
    simulator = _simulator_ms(world, repeats)
    world.close()
    progress("episodes")
    spec = GridSpec((policy_name,), (task,), episodes=episodes, linger=0).validated()
    began = time.perf_counter()
    play_grid(spec, config, lambda name, weights: policy)
    return {
        "policy": policy_name,
        "task": task,
        "device": str(getattr(policy, "device", "cpu")),
        "threads": torch.get_num_threads(),
        "policy_call_ms": percentiles(call_ms),
        "imagine_ms": percentiles(imagine_ms)["p50"],
        "encode_ms": encode_ms,
        "decode_ms": decode_ms,
        **simulator,
        **cold,
        "episodes_per_s": episodes / (time.perf_counter() - began),
        "matmul_bf16_gflops": peak,
        "matmul_fp32_gflops": matmul_gflops(torch.float32, max(repeats // 4, 3)),
        "policy_call_gflop": gflop,
        "policy_call_share_of_peak": reached / peak,
    }


def _observations(world: World, count: int) -> list[Observation]:
    """What the scripted expert sees along some episodes."""
    from wam_demo.sim.expert import Expert

    seed, observations = EVALUATION_SEEDS[0], [world.reset(EVALUATION_SEEDS[0])]
    while len(observations) < count:
        if world.step(Expert(world).act()).success:
            seed += 1
            world.draw(seed)
        observations.append(world.observe())
    return observations


def observed(task: str, count: int) -> list[Observation]:
    """What the scripted expert sees along ``count`` control steps of a task."""
    from wam_demo.sim.world import World

    world = World(task)
    try:
        return _observations(world, count)
    finally:
        world.close()


def policy_gflop(policy: Any, observation: Observation) -> float:
    """Floating-point operations of one policy call, counted by torch [GFLOP]."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        policy.predict([observation], [0])
    return counter.get_total_flops() / 1e9


def _tokenizer_ms(tokenizer: Any, observation: Observation, repeats: int) -> tuple[float, float]:
    """Median time to encode and to decode one frame."""
    import torch

    from wam_demo.models.tokenizer import to_tensor

    dtype = next(tokenizer.parameters()).dtype
    image = to_tensor(torch.from_numpy(observation.images["front"])[None]).to(dtype)
    with torch.inference_mode():
        latents = tokenizer.encode(image)
        encode = durations_ms(lambda _: tokenizer.encode(image), repeats)
        decode = durations_ms(lambda _: tokenizer.decode(latents), repeats)
    return percentiles(encode)["p50"], percentiles(decode)["p50"]


def _simulator_ms(world: World, repeats: int) -> dict[str, float]:
    """Median time to render one 256 px view and to simulate one control step."""
    from wam_demo.sim.expert import Expert

    world.draw(EVALUATION_SEEDS[0])
    expert = Expert(world)
    step = durations_ms(lambda _: world.step(expert.act()), repeats)
    render = durations_ms(lambda i: world.render(("front", "wrist")[i % 2], 256), repeats)
    return {"render_ms": percentiles(render)["p50"], "step_ms": percentiles(step)["p50"]}


def cold_start(policy_name: str, task: str, checkpoint: Path | None = None) -> dict[str, float]:
    """Start a fresh process that loads simulator and policy, plans and imagines once.

    Returns:
        ``cold_start_s``: process start to first plan; ``rss_mb``: resident memory after the first
        imagination [MiB].

    Raises:
        WamDemoError: Whatever went wrong in there.
    """
    began = time.perf_counter()
    process = SupervisedProcess(partial(_FirstPlan, policy_name, task, checkpoint), COLD_START_TIMEOUT_S)
    try:
        process.send("predict")
        process.receive()
        seconds = time.perf_counter() - began
        process.send("imagine")
        return {"cold_start_s": seconds, "rss_mb": process.receive()}
    except ProcessDied as died:
        raise CheckpointError(f"policy {policy_name!r} does not answer: {died}") from None
    finally:
        process.close()


class _FirstPlan:
    """What the fresh process does: load, then plan or imagine; answers with its resident memory [MiB]."""

    def __init__(self, policy_name: str, task: str, checkpoint: Path | None) -> None:
        from wam_demo.sim.world import World

        world = World(task)
        self._policy: Any = load_policy(policy_name, checkpoint)
        self._observation = world.reset(EVALUATION_SEEDS[0])

    def __call__(self, method: str, report: Report) -> float:
        import psutil

        if method == "predict":
            self._policy.predict([self._observation], [0])
        else:
            self._policy.imagine([self._observation])
        return psutil.Process().memory_info().rss / 2**20
