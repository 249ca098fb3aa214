"""Settings every test needs before anything heavy is imported."""

import os

import pytest

os.environ.setdefault("MUJOCO_GL", "osmesa")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(autouse=True)
def patient_when_busy(monkeypatch):
    """What is read, or refused and why, does not depend on how busy this machine is; only how fast does."""
    if machine_is_busy():
        from wam_demo.data.uploads import process

        monkeypatch.setattr(process, "INSPECT_SECONDS", 120.0)
        monkeypatch.setattr(process, "DECODE_SECONDS", 120.0)


def machine_is_busy() -> bool:
    """Whether other programs slow this one down, so that times say nothing."""
    return os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1)
