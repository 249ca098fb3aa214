"""What a person did by hand, as an axis and a severity."""

import pytest

from wam_demo.errors import InvalidInputError
from wam_demo.runtime.paired import nearest_test
from wam_demo.types import Event


def shoved(x: float, y: float = 0.0) -> Event:
    return Event(4, "shove", {"object": "object0", "offset": [x, y]})


@pytest.mark.parametrize(
    ("events", "axis", "severity"),
    [
        ([shoved(0.012)], "shove", 1),
        ([shoved(0.03, -0.028)], "shove", 3),
        ([shoved(0.3)], "shove", 5),
        ([Event(0, "light", {"severity": 4, "intensity": 0.4}), shoved(0.02)], "shove", 2),
        ([Event(0, "light", {"severity": 4}), Event(2, "noise", {"severity": 1})], "noise", 1),
        ([Event(0, "light", {"severity": 4}), Event(2, "noise", {"severity": 1}), Event(3, "noise", {"severity": 0})],
         "light", 4),
        ([Event(1, "distractor", {"drops": [{}]})] * 3, "distractor", 2),
        ([Event(1, "swap_target", {"severity": 3, "object": "bowl", "offset": [0.08, 0.0]})], "swap_target", 3),
    ],
)  # fmt: skip
def test_the_newest_disturbance_gives_axis_and_severity(events, axis, severity):
    assert nearest_test(events) == {"axis": axis, "severity": severity}


def test_what_has_no_severity_is_refused_with_one_line():
    with pytest.raises(InvalidInputError, match="nothing was disturbed"):
        nearest_test([])
    with pytest.raises(InvalidInputError, match="a language by hand has no severity"):
        nearest_test([Event(3, "language", {"text": "go home"})])
    with pytest.raises(InvalidInputError, match="nothing was disturbed"):
        nearest_test([Event(0, "light", {"severity": 4}), Event(2, "light", {"severity": 0})])
