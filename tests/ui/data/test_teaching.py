"""A run is a process with an owner: it reports, is stopped, cancelled or ended, and leaves a policy or nothing."""

import sys
from pathlib import Path

import pytest

from tests.fakes import tuner
from tests.fakes.waiting import eventually
from wam_demo.errors import InvalidInputError
from wam_demo.policies.registry import policy_spec, policy_specs, unregister
from wam_demo.policies.tuned import register_tuned
from wam_demo.ui.data.taught import taught_policies
from wam_demo.ui.data.teaching import Lesson, Teaching


@pytest.fixture
def teaching(tmp_path):
    command = (sys.executable, "-m", tuner.__name__, str(tmp_path / "policies"))
    opened = Teaching(tmp_path / "runs", command, lambda: register_tuned(tmp_path / "policies"))
    yield opened
    opened.close()
    assert not opened.running
    for name in ("pupil", "bad-pupil"):
        if name in [spec.name for spec in policy_specs()]:
            unregister(name)


def lesson(name: str = "pupil") -> Lesson:
    return Lesson("agra", Path("data"), [0, 2], name, 5)


def at(teaching, stage: str) -> None:
    eventually(lambda: teaching.state()["stage"] == stage)


def test_it_learns_until_it_is_stopped_and_is_a_policy_at_once(teaching):
    assert teaching.state() == {"stage": ""}
    teaching.start(lesson())
    at(teaching, "learning")
    with pytest.raises(InvalidInputError, match="already"):
        teaching.start(lesson("another"))
    eventually(lambda: teaching.state()["step"] > 20)
    teaching.stop()
    at(teaching, "done")
    assert teaching.state()["result"]["plan_error_cm"]["after"]["recorded"] == 2.0
    assert policy_spec("pupil").parent == "agra"
    assert [policy["label"] for policy in taught_policies() if policy["name"] == "pupil"] == ["pupil (from agra)"]
    with pytest.raises(InvalidInputError, match="there is a policy 'pupil' already"):
        teaching.start(lesson())


def test_what_is_cancelled_leaves_nothing(teaching):
    teaching.start(lesson())
    at(teaching, "learning")
    teaching.cancel()
    at(teaching, "stopped")
    assert "pupil" not in [spec.name for spec in policy_specs()]


def test_a_run_that_fails_says_why(teaching):
    teaching.start(lesson("bad-pupil"))
    at(teaching, "failed")
    assert teaching.state()["fault"] == "the recordings are of another robot"
    with pytest.raises(InvalidInputError, match="cannot be called"):
        teaching.start(lesson("Bad name"))
