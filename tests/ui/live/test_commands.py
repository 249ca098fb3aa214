"""Every value a page can send is checked."""

from dataclasses import replace

import pytest

from tests.fakes.brain import catalogue
from wam_demo.errors import InvalidInputError
from wam_demo.limits import INSTRUCTION_CHARACTERS
from wam_demo.policies.registry import policy_spec
from wam_demo.runtime.log import AttemptLog
from wam_demo.runtime.logfile import format_log, pack
from wam_demo.ui.live.commands import parse_command

CHOICES = replace(
    catalogue(),
    tasks={"push": "Push", "reach": "Reach"},
    policies={name: policy_spec(name) for name in ("agra", "hold")},
    axes=("light", "delay"),
)


def parse(kind, **parameters):
    return parse_command({"kind": kind, **parameters}, CHOICES)


@pytest.mark.parametrize(
    "kind", ["run", "pause", "step", "reset", "next", "swap_target", "clear", "log", "link", "paired"]
)
def test_plain_commands_carry_nothing(kind):
    assert parse(kind, extra=1).parameters == {}


def test_values_are_passed_on_clean():
    assert parse("task", name="push").parameters == {"name": "push"}
    assert parse("seed", seed=41).parameters == {"seed": 41}
    assert parse("instruction", text="  go\tnow\n").parameters == {"text": "go now"}
    assert parse("axis", axis="light", severity=3).parameters == {"axis": "light", "severity": 3}
    assert parse("distractor").parameters == {}
    shove = parse("shove", camera="front", **{"from": [0.1, 0.2], "to": [0.3, 1]})
    assert shove.parameters == {"camera": "front", "from": (0.1, 0.2), "to": (0.3, 1.0)}


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ("run", "a command is an object"),
        ({"kind": "fly"}, "unknown command 'fly'"),
        ({"kind": ["run"]}, "unknown command"),
        ({"kind": "task", "name": "reech"}, "did you mean 'reach'"),
        ({"kind": "task", "name": None}, "unknown task"),
        ({"kind": "policy", "name": "wam"}, "unknown policy"),
        ({"kind": "seed", "seed": None}, "got nothing"),
        ({"kind": "seed", "seed": 1.5}, "whole number"),
        ({"kind": "seed", "seed": -1}, "from 0 to"),
        ({"kind": "seed", "seed": True}, "must be a whole number"),
        ({"kind": "seed", "seed": 10**400}, "from 0 to"),
        ({"kind": "seed", "seed": -(10**5000)}, "a number too long to print"),
        ({"kind": "axis", "axis": "light", "severity": float("nan")}, "must be a number"),
        ({"kind": "axis", "axis": "light", "severity": float("inf")}, "must be a number"),
        ({"kind": "axis", "axis": "light", "severity": "NaN"}, "must be a number"),
        ({"kind": "axis", "axis": "light", "severity": 6}, "from 0 to 5"),
        ({"kind": "axis", "axis": "gravity", "severity": 1}, "unknown disturbance"),
        ({"kind": "instruction", "text": "x" * 10_000}, f"at most {INSTRUCTION_CHARACTERS}"),
        ({"kind": "instruction", "text": " \n"}, "empty"),
        ({"kind": "instruction", "text": 7}, "must be text"),
        ({"kind": "distractor", "camera": "front", "at": [0.5]}, "two numbers"),
        ({"kind": "distractor", "camera": "front", "at": [0.5, 2]}, "from 0 to 1"),
        ({"kind": "distractor", "camera": "roof", "at": [0.5, 0.5]}, "unknown camera"),
        ({"kind": "shove", "camera": "front", "from": [0.5, 0.5]}, "two numbers"),
    ],
)
def test_bad_values_are_one_line(payload, says):
    with pytest.raises(InvalidInputError) as caught:
        parse_command(payload, CHOICES)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_replay_comes_as_text_or_packed():
    text = format_log([AttemptLog("reach", 4, "agra", None, 90, "reach it")])
    for payload in ({"text": text}, {"packed": pack(text)}):
        (attempt,) = parse("replay", **payload).parameters["attempts"]
        assert (attempt.task, attempt.seed, attempt.steps) == ("reach", 4, ())
    assert parse("twin", on=1).parameters == {"on": True, "dream": None}
    assert parse("twin", on=1, dream="own").parameters == {"on": True, "dream": "own"}
    with pytest.raises(InvalidInputError, match="unknown dream"):
        parse("twin", on=1, dream="deep")


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ({}, "a replay needs the text of a log"),
        ({"text": 3}, "a replay needs the text of a log"),
        ({"text": "{}"}, "line 1: expected the schema"),
        ({"packed": "%%%"}, "the link is damaged"),
    ],
)
def test_a_bad_replay_is_one_line(payload, says):
    with pytest.raises(InvalidInputError, match=says):
        parse("replay", **payload)


def test_a_scene_is_checked_as_a_whole():
    scene = {"task": "push", "policy": "hold", "seed": 7, "severities": {"shove": 4}}
    assert parse("scene", **scene).parameters == scene
    for change, says in (
        ({"severities": {"shove": 6}}, "from 1 to 5"),
        ({"severities": {"shoev": 3}}, "did you mean 'shove'"),
        ({"severities": None}, "an object by disturbance"),
        ({"policy": "wam"}, "unknown policy"),
        ({"seed": -1}, "from 0 to"),
    ):
        with pytest.raises(InvalidInputError, match=says):
            parse("scene", **{**scene, **change})
