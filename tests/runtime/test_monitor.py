"""Imagined against actual, with images whose value is their time."""

from concurrent.futures import Future

import numpy as np
import pytest
from wam_demo.diagnose.foresight import Foresight, Imagination, compare

from wam_demo.errors import PolicyFault
from wam_demo.types import Observation


def image(value: int) -> np.ndarray:
    return np.full((4, 4, 3), value, np.uint8)


def observation(step: int) -> Observation:
    return Observation({"front": image(step)}, np.zeros(17, np.float32), "go", step / 10)


class Imaginer:
    """Imagines that every step adds 1, as the observations above do, plus ``off``."""

    def __init__(self, off: int = 0) -> None:
        self.off = off
        self.asked: list[tuple[int, Future]] = []

    def submit(self, seen: Observation) -> Future:
        future: Future = Future()
        self.asked.append((int(seen.images["front"][0, 0, 0]), future))
        return future

    def answer(self) -> None:
        step, future = self.asked[-1]
        frames = np.stack([image(step + ahead + self.off) for ahead in (4, 8, 12, 16)])
        future.set_result([{"front": frames}])


def run(foresight: Foresight, imaginer: Imaginer, steps: range, answer_after: int = 1) -> None:
    for step in steps:
        if imaginer.asked and step == imaginer.asked[-1][0] + answer_after:
            imaginer.answer()
        foresight.observe(step, observation(step))


def test_perfect_imagination_has_no_error():
    imaginer = Imaginer()
    foresight = Foresight(imaginer.submit, every=8)
    run(foresight, imaginer, range(30))
    assert [step for step, _ in imaginer.asked] == [0, 8, 16, 24]
    assert foresight.errors[4] == [(4, 0.0), (12, 0.0), (20, 0.0), (28, 0.0)]
    assert foresight.errors[16] == [(16, 0.0), (24, 0.0)]


def test_error_is_the_mean_absolute_difference():
    imaginer = Imaginer(off=51)
    foresight = Foresight(imaginer.submit, every=8)
    run(foresight, imaginer, range(6))
    surprise = foresight.surprises[4]
    assert (surprise.made, surprise.at) == (0, 4)
    assert surprise.error == pytest.approx(0.2)
    assert surprise.maps["front"] == pytest.approx(np.full((4, 4), 0.2))


def test_a_late_answer_is_compared_with_the_moments_that_passed():
    imaginer = Imaginer()
    foresight = Foresight(imaginer.submit, every=8)
    run(foresight, imaginer, range(52), answer_after=50)
    assert foresight.errors == {4: [(4, 0.0)], 8: [(8, 0.0)], 12: [(12, 0.0)], 16: [(16, 0.0)]}


def test_a_fault_is_one_line_and_the_next_imagination_is_asked_for():
    imaginer = Imaginer()
    foresight = Foresight(imaginer.submit, every=8)
    foresight.observe(0, observation(0))
    imaginer.asked[0][1].set_exception(PolicyFault("no answer\nafter 9 s"))
    for step in range(1, 9):
        foresight.observe(step, observation(step))
    assert foresight.fault == "no answer after 9 s"
    assert len(imaginer.asked) == 2


def test_without_an_imaginer_nothing_happens():
    foresight = Foresight(None)
    for step in range(20):
        foresight.observe(step, observation(step))
    assert foresight.latest is None
    assert foresight.surprises == {}


def test_close_withdraws_the_request():
    imaginer = Imaginer()
    foresight = Foresight(imaginer.submit, every=8)
    foresight.observe(0, observation(0))
    foresight.close()
    assert imaginer.asked[0][1].cancelled()


def test_cameras_that_were_not_imagined_are_left_out():
    frames = {"front": np.stack([image(0)] * 4), "side": np.stack([image(9)] * 4)}
    surprise = compare(Imagination(0, frames, 1.0), 8, 8, {"front": image(0)})
    assert set(surprise.maps) == {"front"}
    assert surprise.error == 0.0
