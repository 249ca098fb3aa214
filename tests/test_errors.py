"""Messages name the bad value and what would have been valid."""

import pytest

from wam_demo import errors
from wam_demo.errors import InvalidInputError, UnknownNameError, WamDemoError


def test_a_slip_of_the_pen_gets_the_closest_name():
    text = str(UnknownNameError("task", "pick_plce", ["push", "pick_place"]))
    assert text == "unknown task 'pick_plce': did you mean 'pick_place'? valid: pick_place, push"


def test_nothing_close_lists_the_names_only():
    assert str(UnknownNameError("task", "zzz", ["push"])) == "unknown task 'zzz': valid: push"


def test_a_huge_name_does_not_flood_the_message():
    assert len(str(UnknownNameError("task", "x" * 10_000, ["push"]))) < 120


@pytest.mark.parametrize("name", [None, 3, float("nan"), b"push"])
def test_anything_may_be_a_bad_name(name):
    assert "valid: push" in str(UnknownNameError("task", name, ["push"]))


def test_callers_can_catch_one_base_or_the_builtin():
    raised = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert all(issubclass(error, WamDemoError) for error in raised)
    assert issubclass(UnknownNameError, InvalidInputError)
    assert issubclass(InvalidInputError, ValueError)
