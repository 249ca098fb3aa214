"""Memory goes back to the system: visitors who come and leave, round after round, in a process of their own."""

import json
import os
import subprocess
import sys

import pytest

from wam_demo.runtime.memory import trim, use_few_arenas

ROUNDS, VISITORS = 10, 8
GROWTH = 1.05

SCRIPT = """
import json, sys, time
from wam_demo.runtime.memory import use_few_arenas

use_few_arenas()
policy, rounds, visitors, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])

import gc
import psutil
from wam_demo.runtime import Session, Settings
from wam_demo.ui.shared.catalogue import shipped

backend, sizes = shipped().backend, []
for _ in range(rounds):
    sessions = [Session(Settings("pick_place", policy, seed=k), backend) for k in range(visitors)]
    for session in sessions:
        session.start()
    time.sleep(seconds)
    for session in sessions:
        session.close(timeout=60)
    assert not any(session.alive for session in sessions)
    sessions.clear()
    gc.collect()
    sizes.append(psutil.Process().memory_info().rss / 2**20)
    print(json.dumps(sizes), flush=True)
"""


def rounds(policy: str, count: int, visitors: int, seconds: float) -> list[float]:
    """Resident memory [MiB] after each round."""
    arguments = [sys.executable, "-c", SCRIPT, policy, str(count), str(visitors), str(seconds)]
    output = subprocess.run(arguments, check=True, capture_output=True, text=True, env=dict(os.environ)).stdout
    return json.loads(output.splitlines()[-1])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc")
def test_the_allocator_can_be_told():
    assert use_few_arenas()
    trim()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("policy", "seconds"), [("hold", 4.0), ("agra", 12.0)])
def test_rounds_of_visitors_do_not_grow(policy, seconds):
    sizes = rounds(policy, ROUNDS, VISITORS, seconds)
    print(policy, [round(size) for size in sizes])
    assert max(sizes[2:]) <= GROWTH * sizes[1]
