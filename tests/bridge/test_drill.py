"""The fault drills on the simulated arms: a sample here, twenty of each when slow tests run."""

import json
import os
import subprocess
import sys

import pytest

from bridge.drill import DRILLS, run_drills
from bridge.drivers.panda_sim import PandaSim
from wam_demo.config import ROOT
from wam_demo.robots.arm.process import BRIDGE_PYTHON


def test_every_drill_is_passed_on_the_panda():
    driver = PandaSim(camera_hz=0)
    results = run_drills(driver, runs=1)
    driver.close()
    assert [result.name for result in results] == list(DRILLS)
    assert [result for result in results if result.fault] == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("driver", ["panda-sim", "so101-sim"])
def test_twenty_of_twenty(driver):
    python = str(BRIDGE_PYTHON)
    if driver == "panda-sim":
        python = sys.executable
    elif not BRIDGE_PYTHON.exists():
        pytest.skip("make arm")
    command = [python, "-m", "bridge", "--driver", driver, "--options", '{"camera_hz": 0}', "--drill", "20"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    results = json.loads(done.stdout)
    assert [result for result in results if result["passed"] < 20] == []
