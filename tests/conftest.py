"""Settings every test needs before anything heavy is imported."""

import os

import pytest

os.environ.setdefault("MUJOCO_GL", "osmesa")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("WAM_DEMO_COMPUTE", "eager")  # apps under test make no graphs beside the test
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Two processes share the tests by file; one has all browsers, since two at a time are too slow for clocks."""
    group = "browser" if item.get_closest_marker("browser") else item.nodeid.split("::")[0]
    item.add_marker(pytest.mark.xdist_group(group))
