"""Figures of the bridge over `panda-sim`; the documentation names the commands.

``python -m tests.fakes.over_bridge success 50`` plays the same seeds in process and through gate, wire format and
driver, in simulated time, so that a busy machine changes nothing. ``leak 10`` is a session of so many simulated
minutes with a policy, takeovers and cameras at 30 Hz. ``timing 20`` measures a bridge process for so many seconds.
"""

import gc
import sys
import time
from contextlib import closing

import numpy as np
import psutil

from bridge.drivers.panda_sim import PandaSim
from tests.fakes.arm import Workbench
from tests.fakes.bench_page import BenchClock, BenchPage
from wam_demo.evaluate.statistics.rates import wilson
from wam_demo.policies.receding import InlinePlanner
from wam_demo.policies.registry import load_policy
from wam_demo.robots.arm.client import ArmClient, ArmRefusal
from wam_demo.robots.arm.process import BridgeProcess
from wam_demo.robots.arm.source import ArmSource
from wam_demo.robots.simulator import simulator
from wam_demo.runtime import Backend, Planner, Settings
from wam_demo.runtime.agents import LockstepAgent
from wam_demo.runtime.loop import Loop
from wam_demo.sim import TASKS

TASK, POLICY = "pick_place", "agra"


def succeeds(source, submit, seed: int) -> bool:
    """Whether an episode does, with plans whose noise follows from seed and step."""
    loop = Loop(source, LockstepAgent(submit, seed))
    loop.reset(seed)
    try:
        return any(loop.advance().success for _ in range(TASKS[TASK].horizon))
    finally:
        loop.close()


def success(count: int) -> None:
    """The same seeds on both ways."""
    submit = InlinePlanner(load_policy(POLICY)).submit
    bench = Workbench(PandaSim(TASK, camera_thread=False))
    with closing(bench.arm), closing(simulator(TASK)) as inside:
        both = []
        for seed in range(count):
            both.append((succeeds(inside, submit, seed), succeeds(bench.source(), submit, seed)))
            print(seed, *both[-1], flush=True)
    for name, column in zip(("in process", "over the bridge"), zip(*both, strict=True), strict=True):
        rate = wilson(sum(column), count)
        print(f"{name}: {sum(column)} of {count}, 95 % interval {rate.low:.2f} .. {rate.high:.2f}")
    only = [sum(a and not b for a, b in both), sum(b and not a for a, b in both)]
    print(f"only in process: {only[0]}, only over the bridge: {only[1]}")


def timing(seconds: float) -> None:
    """What a control step pays to a bridge process: one observation with pictures, five commands."""
    with (
        BridgeProcess("panda-sim", {"camera_hz": 10}) as bridge,
        closing(ArmSource(ArmClient.connect(bridge.address))) as source,
    ):
        source.reset(0)
        looks, halts, ends = [], 0, time.monotonic() + seconds
        while time.monotonic() < ends:
            source.observe()
            began = time.perf_counter()
            source.client.ask("observe")
            looks.append(1e3 * (time.perf_counter() - began))
            try:
                source.apply(np.array([0.002 * np.sin(len(looks) / 10), 0, 0, 0, 0, 0, 1], np.float32))
            except ArmRefusal:  # another program kept the commands waiting
                halts += 1
                source.resume()
        commands = source.gate_ms
        status = source.client.ask("status")["status"]
    for name, values in (("observation with both pictures", looks), ("command", commands)):
        print(f"{name}: p50 {np.median(values):.2f} ms, p95 {np.percentile(values, 95):.2f} ms, {len(values)} of them")
    late = f"{status['late_ticks']} of {status['ticks']} ticks late"
    print(f"gate alone: median {status['gate_ms']} ms; {late}; {halts} halts")


def leak(minutes: float) -> None:
    """Memory of a session that goes on and on."""
    bench = Workbench(PandaSim(TASK, camera_hz=30.0, camera_thread=False))
    planner = Planner(InlinePlanner(load_policy(POLICY, compute="auto")).submit)
    backend = Backend(lambda task: bench.source(), lambda *_: planner, lambda *_: (), {TASK: 200})
    page = BenchPage(backend, Settings(TASK, POLICY), BenchClock(bench))
    began, number, faults, memory = page.clock.time, 0, 0, []
    page.post("run")
    while (passed := page.clock.time - began) < 60 * minutes:
        if passed % 20 < 4:  # a person drives in circles
            number += 1
            page.drive(number, 0.05 * np.sin(passed), 0.05 * np.cos(passed))
        elif page.last.drive is not None and page.last.drive.state.person:
            page.post("give_back")
        if bench.arm.status().state == "fault":  # driven against the table
            faults += 1
            bench.source().client.ask("connect")
        if page.last.state != "running":
            page.post("run")
        page.run(0.1)
        page.views[:-1], page.records[:] = [], []
        if passed >= 60 * len(memory):
            gc.collect()
            memory.append(psutil.Process().memory_info().rss / 2**20)
            print(
                f"{passed / 60:.0f} min: {memory[-1]:.0f} MiB, episode {page.last.episode}, {faults} faults", flush=True
            )
    growth = 100 * (memory[-1] / memory[1] - 1)
    print(f"growth after the first minute: {growth:.1f} %; takeovers by {number} commands")
    page.session.close()
    bench.arm.close()


if __name__ == "__main__":
    {"success": success, "timing": timing, "leak": leak}[sys.argv[1]](int(sys.argv[2]))
