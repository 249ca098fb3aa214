"""Events: they apply wholly or change nothing, whatever JSON they hold."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wam_demo.errors import InvalidInputError
from wam_demo.sim.perturb import AXES, check, sample
from wam_demo.sim.perturb.registry import COMBINED
from wam_demo.types import Event

SINGLE = [axis for axis in AXES if axis != COMBINED]
STILL = np.array([0, 0, 0, 0, 0, 0, 1.0])
LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.text(max_size=8), st.just("\ud800")
)
JSON = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


def state(world):
    return world.digest(), world.effects, world.events, world.instruction, world.snapshot().progress.pending


def paths(value, path=()):
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, item in inner for deeper in paths(item, (*path, key)))]


def with_value(value, path, new):
    """The JSON value with another one at a place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = with_value(value[path[0]], path[1:], new)
    return copy


def attempt(world, kind, parameters):
    before = state(world)
    try:
        event = world.apply_event(kind, parameters)
    except InvalidInputError as error:
        refusal = str(error)
    else:
        refusal = None
    if refusal is not None:
        assert state(world) == before
        assert "\n" not in refusal
        return
    json.dumps(event.parameters, allow_nan=False)
    assert world.events == (*before[2], event)
    assert np.isfinite(world.scene.snapshot().physics).all()


@pytest.mark.parametrize("axis", SINGLE)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_one_odd_value_among_good_ones(pick_place, axis, data):
    world = pick_place
    world.draw(3)
    good = world.apply_event(axis, {"severity": 4, "seed": 2}).parameters
    good = {name: value for name, value in good.items() if name != "severity"}
    place = data.draw(st.sampled_from(paths(good)[1:]))
    world.draw(3)
    attempt(world, axis, with_value(good, place, data.draw(JSON)))


@pytest.mark.parametrize("axis", SINGLE)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_anything_at_all(pick_place, axis, data):
    world = pick_place
    world.draw(3)
    names = st.sampled_from(["severity", "seed", "object", "offset", "drops", "cameras", "text", "light", "weather"])
    attempt(world, axis, data.draw(JSON | st.dictionaries(names, JSON, max_size=4)))


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("light", {"severity": "abc"}),
        ("light", {"severity": True}),
        ("light", {"severity": 2.5}),
        ("light", {"severity": float("nan")}),
        ("light", {"severity": 3, "seed": "abc"}),
        ("light", {"severity": 3, "seed": 10**400}),
        ("light", {"severity": 3, "weather": 1}),
        ("light", [1, 2]),
        ("camera", {"cameras": [1, 2]}),
        ("camera", {"cameras": {"front": [0, 0, 0]}}),
        ("delay", {"seconds": "0.2"}),
        ("delay", {"seconds": 10**400}),
        ("shove", {"object": ["object0"], "offset": [0.1, 0]}),
        ("shove", {"object": "object0", "offset": {"x": 1}}),
        ("distractor", {"drops": {"position": [0.5, 0]}}),
        ("distractor", {"drops": [[0.5, 0]]}),
        ("background", {"severity": 2, "moving": 1}),
        (["light"], {"severity": 3}),
    ],
)
def test_wrong_types_are_refused_before_anything_changes(pick_place, kind, parameters):
    world = pick_place
    world.draw(1)
    before = state(world)
    for hand_in in (
        lambda: world.apply_event(kind, parameters),
        lambda: world.apply([Event(0, "light", {"severity": 2}), Event(0, kind, parameters)]),
        lambda: world.apply([Event(5, "light", {"severity": 2}), Event(9, kind, parameters)]),
        lambda: world.reset(2, [Event(0, kind, parameters)]),
    ):
        with pytest.raises(InvalidInputError):
            hand_in()
        assert state(world) == before
        assert world.seed == 1


def test_a_severity_of_three_point_zero_is_three(pick_place):
    world = pick_place
    world.draw(1)
    event = world.apply_event("background", {"severity": 3.0, "seed": 4.0})
    world.draw(1)
    assert world.apply_event("background", {"severity": 3, "seed": 4}) == event
    assert type(event.parameters["severity"]) is int


def test_a_bad_camera_name_moves_no_camera(pick_place):
    world = pick_place
    world.draw(1)
    before = state(world)
    motion = {"offset": [0.1, 0, 0], "rotation": [0, 0.1, 0]}
    with pytest.raises(InvalidInputError, match="attic"):
        world.apply_event("camera", {"cameras": {"front": motion, "attic": motion}})
    assert state(world) == before


@pytest.mark.parametrize("axis", ["shove", "swap_target"])
def test_a_pending_shove_of_what_fell_off_the_table_does_not_stop_the_episode(pick_place, axis):
    world = pick_place
    world.draw(1)
    (event,) = sample(axis, 5, 1)
    world.apply([event])
    world.scene.place(world.assignment.target, np.array([0.5, 0.2, -1.0]))
    for _ in range(event.step + 1):
        assert world.step(STILL).fault is None
    assert [applied.kind for applied in world.events] == [axis]


def test_a_diverged_world_is_disturbed_no_more(pick_place):
    world = pick_place
    world.draw(1)
    world.apply([Event(1, "shove", {"severity": 3})])
    world.scene.data.qvel[0] = np.nan
    assert world.step(STILL).fault
    assert world.events == ()


@pytest.mark.parametrize("axis", SINGLE)
def test_applied_values_pass_the_check_unchanged(pick_place, axis):
    world = pick_place
    world.draw(5)
    applied = world.apply_event(axis, {"severity": 5, "seed": 2}).parameters
    explicit = {name: value for name, value in applied.items() if name != "severity"}
    checked = check(axis, explicit, world.scene)
    assert json.loads(json.dumps(checked, default=lambda array: array.tolist())) == json.loads(json.dumps(explicit))
