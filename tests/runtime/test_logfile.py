"""Logs survive writing, reading and packing; whatever is wrong with one is refused with its line."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.gated_family import ABOVE, EXPERTS, GATE, INTEREST, NUMBERS, SHADOWS, GatedPolicy
from tests.fakes.robots import seen
from tests.fakes.world import FakeWorld
from wam_demo.errors import InvalidInputError
from wam_demo.limits import LINK_CHARACTERS, LOG_ATTEMPTS, LOG_BYTES
from wam_demo.runtime.log import AttemptLog, LoggedEvent, LoggedStep, LogRecorder
from wam_demo.runtime.logfile import format_log, pack, parse_log, unpack
from wam_demo.runtime.logged_panels import kept_panels
from wam_demo.types import ActionChunk, Band, Chunks, Scalars, StepRecord

TASKS = ("reach", "wander")


def attempt(steps: int = 12, seed: int = 3) -> AttemptLog:
    actions = np.random.default_rng(seed).normal(0, 0.02, (steps, 7)).astype(np.float32)
    return AttemptLog(
        task="reach",
        seed=seed,
        policy="agra",
        weights_sha256="ab" * 32,
        horizon=90,
        instruction="reach the red dot",
        events=(
            LoggedEvent(0, "light", {"severity": 3, "seed": 1}, {"severity": 3, "intensity": 0.5}, True),
            LoggedEvent(6, "shove", {"severity": 2, "seed": 1}, None, True),
            LoggedEvent(4, "shove", {"object": "cube", "offset": [0.031234567, -0.1]}, {"object": "cube"}),
        ),
        commands=((2, "pause"), (2, "run")),
        steps=tuple(
            LoggedStep(action, None if k < 2 else k // 4 * 4, None if k < 2 else k % 4, "00ff" if k % 10 == 0 else None)
            for k, action in enumerate(actions)
        ),
        outcome="success",
        final="1234",
    )


def equal(a: AttemptLog, b: AttemptLog) -> bool:
    plain = [
        {**vars(log), "steps": [(s.action.tobytes(), s.made, s.index, s.state) for s in log.steps]} for log in (a, b)
    ]
    return plain[0] == plain[1]


def test_what_is_written_is_read_to_the_last_bit():
    written = [attempt(), replace(attempt(steps=0, seed=9), events=attempt().events[:2], commands=((0, "pause"),))]
    read = parse_log(format_log(written), TASKS)
    assert len(read) == 2
    assert all(map(equal, written, read))
    assert [event.line for event in read[0].events] == [3, 4, 11]


def test_a_link_holds_an_attempt_of_fifteen_seconds():
    text = format_log([attempt(150)])
    packed = pack(text)
    assert unpack(packed) == text
    assert len(packed) < LINK_CHARACTERS
    with pytest.raises(InvalidInputError, match="too long for a link"):
        pack(format_log([attempt(2000)]))


def broken(number: int, **changes) -> str:
    """A good log with some keys of one line (from 1) changed; None removes."""
    lines = [json.loads(line) for line in format_log([attempt()]).splitlines()]
    lines[number - 1] = {k: v for k, v in {**lines[number - 1], **changes}.items() if v is not None}
    return "\n".join(map(json.dumps, lines))


HEADER, ATTEMPT, EVENT, STEP = 1, 2, 3, 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"^line 1: the log is empty"),
        ("[1, 2]", r"^line 1: expected an object"),
        (broken(HEADER, schema="other"), r"^line 1: expected the schema"),
        (broken(HEADER, version=2), r"^line 1: version 2 of the log is not known; valid: 1"),
        (broken(ATTEMPT, task="reech"), r"^line 2: unknown task 'reech': did you mean 'reach'"),
        (broken(ATTEMPT, seed=-1), r"^line 2: 'seed' must be a whole number in 0"),
        (broken(ATTEMPT, seed=True), r"^line 2: 'seed'"),
        (broken(ATTEMPT, instruction="x" * 501), r"^line 2: 'instruction' must be text of 1 .. 500"),
        (broken(EVENT, asked=[1]), r"^line 3: 'asked' and 'applied' must be objects"),
        (broken(EVENT, asked={"severity": 3.0}), r"^line 3: 'severity' must be a whole number in 0 .. 5, got '3.0'"),
        (broken(EVENT, asked={"severity": "3.0"}), r"^line 3: 'severity' must be a whole number"),
        (broken(EVENT, asked={"severity": 6, "seed": 1}), r"^line 3: 'severity' must be a whole number in 0 .. 5"),
        (broken(EVENT, asked={"severity": 3, "seed": "abc"}), r"^line 3: 'seed' must be a whole number"),
        (broken(EVENT, asked={"severity": 3, "seed": 10**400}), r"^line 3: 'seed' must be a whole number"),
        (broken(EVENT, asked={"drops": [1, 2]}), r"^line 3: 'drops' of 'asked' must be a list of objects"),
        (broken(EVENT, asked={"drops": [{"object": [1]}]}), r"^line 3: 'object' of 'asked' must be text, got '\[1\]'"),
        (broken(EVENT, asked={"front": [0.1, 0.2]}), r"^line 3: 'front' of 'asked' must be an object, got '\[0.1"),
        (broken(EVENT, asked={"style": ["wood"]}), r"^line 3: 'style' of 'asked' must be text"),
        (broken(STEP, action=[0.0] * 6), r"^line 5: 'action' must be 7 numbers"),
        (broken(STEP, action=["0"] * 7), r"^line 5: 'action' must be 7 numbers"),
        (broken(STEP, action=[float("nan")] * 7), r"^line 5: NaN is not a number"),
        (broken(STEP, action=[1e99] + [0.0] * 6), r"^line 5: 'action' must be finite"),
        (broken(STEP, action=[10**400] + [0.0] * 6), r"^line 5: 'action' must be finite"),
        (broken(STEP, step=4), r"^line 5: expected step 0, got 4"),
        (broken(STEP, action=None), r"^line 5: expected one of attempt, event"),
        ("\n".join(format_log([attempt()]).splitlines()[:-1]), r"the log breaks off: its last attempt has no 'end'"),
        (format_log([attempt()]).replace('"end"', '"fin"'), r"^line 20: expected one of"),
        (format_log([]), r"^line 1: the log holds no attempt"),
        (format_log([attempt()]) + '{"step":0,"command":"run"}', r"^line 21: 'command' stands outside of an attempt"),
        (format_log([attempt()]) + "[" * 100_000, r"^line 21: longer than"),
        (format_log([attempt()]) + "[" * 9_000, r"^line 21: not JSON"),
        (format_log([attempt()]) + "1" * 9_000, r"^line 21: "),
        (" " * (LOG_BYTES + 1), r"larger than 2 MiB"),
    ],
)  # fmt: skip
def test_a_malformed_log_is_refused_with_its_line(text, message):
    with pytest.raises(InvalidInputError, match=message) as error:
        parse_log(text, TASKS)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("packed", ["!", "abc", pack(format_log([attempt()]))[:-20], "A" * (LINK_CHARACTERS + 1)])
def test_a_damaged_link_is_refused(packed):
    with pytest.raises(InvalidInputError, match="link"):
        unpack(packed)


def test_a_link_cannot_unpack_into_more_than_a_log_may_hold():
    with pytest.raises(InvalidInputError, match="holds too much"):
        unpack(pack(" " * (LOG_BYTES + 1000)))


def gated_log(steps: int) -> AttemptLog:
    """A family that nothing here knows, planning at every fourth of ``steps`` control steps."""
    source = FakeWorld("reach")
    source.reset(0)
    recorder = LogRecorder(source, "reach", 0, steps)
    policy, observation = GatedPolicy(), seen()
    recorder.on_reset(observation)
    for step in range(steps):
        if step % 4 == 0:
            (prediction,) = policy.predict([observation], [step])
        action = prediction.chunk.actions[step % 4]
        recorder.on_step(StepRecord(step, observation, action, prediction, step // 4 * 4, (), False, index=step % 4))
    source.close()
    return recorder.log("gated", None, None, whole=False)


def test_panels_of_an_unknown_family_are_logged_once_a_plan_and_read_again():
    written = gated_log(12)
    (read,) = parse_log(format_log([written]), TASKS)
    assert [step.made for step in read.steps if step.panels] == [0, 4, 8]
    panels = read.steps[4].panels
    (prediction,) = GatedPolicy().predict([seen()], [4])
    assert panels[NUMBERS] == prediction.panels[NUMBERS]
    assert panels[GATE].value == pytest.approx(prediction.panels[GATE].value)
    for name, chunk in prediction.panels[EXPERTS].chunks.items():
        assert np.allclose(panels[EXPERTS].chunks[name].actions, chunk.actions, rtol=1e-6, atol=0)
    assert (panels[SHADOWS], panels[INTEREST]) == ("frames", "heatmap")
    assert format_log([read]) == format_log([written])


def test_a_link_and_a_log_that_would_be_too_large_name_panels_alone():
    log = gated_log(150)
    packed = pack(format_log([log], values=False))
    (read,) = parse_log(unpack(packed), TASKS)
    kinds = {GATE: "band", EXPERTS: "chunks", SHADOWS: "frames", ABOVE: "frames", INTEREST: "heatmap"}
    kinds[NUMBERS] = "scalars"
    assert read.steps[148].panels == kinds
    attempts = parse_log(format_log([log] * LOG_ATTEMPTS), TASKS)
    assert [attempt.steps[0].panels for attempt in attempts] == [kinds] * LOG_ATTEMPTS


def test_a_step_with_more_numbers_than_a_log_keeps_names_what_does_not_fit():
    chunk = ActionChunk(np.zeros((16, 7), np.float32))
    panels = {
        "Many": Chunks({str(k): chunk for k in range(32)}),
        "Few": Chunks({"one": chunk}),
        "Gate": Band(0, "a", "b"),
    }
    kept = kept_panels(panels)
    assert (kept["Many"], kept["Few"], kept["Gate"]) == ("chunks", panels["Few"], panels["Gate"])


LONG = {title: Scalars({f"{'é' * 70}{k}": 0.1 for k in range(32)}) for title in "abcdefgh"}


def test_long_names_do_not_make_a_line_that_is_not_read():
    steps = (replace(attempt().steps[0], panels=kept_panels(LONG)),)
    (read,) = parse_log(format_log([replace(attempt(0), steps=steps, events=(), commands=())]), TASKS)
    assert read.steps[0].panels == dict.fromkeys(LONG, "scalars")


@pytest.mark.parametrize(
    ("panels", "message"),
    [
        ([1], "panels must be a map"),
        ({"Gate": 3}, "unknown panel kind"),
        ({"Gate": {"kind": "dial"}}, "unknown panel kind 'dial'"),
        ({"Gate": {"kind": ["band"]}}, "unknown panel kind"),
        ({"Gate": {"kind": "band", "value": 2, "low": "a", "high": "b"}}, "panel 'Gate' is not a usable band panel"),
        ({"Gate": {"kind": "chunks", "chunks": {"one": [[0] * 7]}}}, "panel 'Gate' is not a usable chunks panel"),
        ({"Gate": {"kind": "scalars", "values": {"one": "many"}}}, "panel 'Gate' is not usable"),
        ({"x" * 81: {"kind": "frames"}}, "panels must be a map from names of 1 to 80"),
        ({str(k): {"kind": "frames"} for k in range(17)}, "there are 17 panels"),
    ],
)
def test_malformed_panels_are_refused_with_their_line(panels, message):
    with pytest.raises(InvalidInputError, match=f"^line 5: {message}"):
        parse_log(broken(STEP, panels=panels), TASKS)
