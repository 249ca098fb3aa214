"""Speed of everything the live demo does, beside what the machine can do at best."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_demo.errors import CheckpointError, WamDemoError
from wam_demo.evaluate.executors.executor import ExecutorConfig
from wam_demo.evaluate.executors.local import play_grid
from wam_demo.evaluate.specs.evaluation import EVALUATION_SEEDS
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.policies.registry import load_policy
from wam_demo.policies.timing import percentiles
from wam_demo.types import Observation

if TYPE_CHECKING:
    from wam_demo.sim.world import World

MATMUL_SIZE = 1024
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
    call_ms = _durations_ms(lambda i: policy.predict([observations[i]], [0]), repeats)
    gflop = policy_gflop(policy, observations[0])
    reached = gflop / (percentiles(call_ms)["p50"] / 1e3)
    progress("imagination")
    imagine_ms = _durations_ms(lambda i: policy.imagine([observations[i]], seed=i), max(repeats // 4, 3))
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


def _durations_ms(call: Callable[[int], object], repeats: int, warmup: int = 3) -> list[float]:
    for i in range(warmup):
        call(i % repeats)
    durations = []
    for i in range(repeats):
        began = time.perf_counter()
        call(i)
        durations.append(1e3 * (time.perf_counter() - began))
    return durations


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


def matmul_gflops(dtype: Any, repeats: int) -> float:
    """Best measured rate of a 1024^3 matrix product with torch on the CPU [GFLOP/s].

    Args:
        dtype: A torch floating type.
        repeats: Products timed; the fastest counts, so that other load hides less of the peak.
    """
    import torch

    left, right = (torch.randn(MATMUL_SIZE, MATMUL_SIZE).to(dtype) for _ in range(2))
    best_ms = min(_durations_ms(lambda _: left @ right, repeats))
    return 2 * MATMUL_SIZE**3 / best_ms / 1e6


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
        encode = _durations_ms(lambda _: tokenizer.encode(image), repeats)
        decode = _durations_ms(lambda _: tokenizer.decode(latents), repeats)
    return percentiles(encode)["p50"], percentiles(decode)["p50"]


def _simulator_ms(world: World, repeats: int) -> dict[str, float]:
    """Median time to render one 256 px view and to simulate one control step."""
    from wam_demo.sim.expert import Expert

    world.draw(EVALUATION_SEEDS[0])
    expert = Expert(world)
    step = _durations_ms(lambda _: world.step(expert.act()), repeats)
    render = _durations_ms(lambda i: world.render(("front", "wrist")[i % 2], 256), repeats)
    return {"render_ms": percentiles(render)["p50"], "step_ms": percentiles(step)["p50"]}


def cold_start(policy_name: str, task: str, checkpoint: Path | None = None) -> dict[str, float]:
    """Start a fresh process that loads simulator and policy, plans and imagines once.

    Returns:
        ``cold_start_s``: process start to first plan; ``rss_mb``: resident memory after the first
        imagination [MiB].

    Raises:
        WamDemoError: Whatever went wrong in there.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_first_plan, args=(theirs, policy_name, task, checkpoint), daemon=True)
    began = time.perf_counter()
    process.start()
    theirs.close()
    try:
        _receive(ours)
        seconds = time.perf_counter() - began
        return {"cold_start_s": seconds, "rss_mb": _receive(ours)}
    except EOFError:
        raise CheckpointError(f"the process that loaded policy {policy_name!r} died") from None
    finally:
        process.join(timeout=5.0)
        if process.is_alive():
            process.kill()


def _receive(connection: Connection) -> float:
    if not connection.poll(COLD_START_TIMEOUT_S):
        raise CheckpointError(f"the policy did not answer in {COLD_START_TIMEOUT_S:.0f} s")
    answer = connection.recv()
    if isinstance(answer, WamDemoError):
        raise answer
    return float(answer)


def _first_plan(connection: Connection, policy_name: str, task: str, checkpoint: Path | None) -> None:
    """Main of the fresh process."""
    import psutil

    from wam_demo.sim.world import World

    try:
        world = World(task)
        policy: Any = load_policy(policy_name, checkpoint)
        observation = world.reset(EVALUATION_SEEDS[0])
        policy.predict([observation], [0])
        connection.send(0)
        policy.imagine([observation])
        connection.send(psutil.Process().memory_info().rss / 2**20)
        world.close()
    except WamDemoError as error:
        connection.send(error)
