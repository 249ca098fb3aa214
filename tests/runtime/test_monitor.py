"""Imagined against actual, with images whose value is their time."""

from concurrent.futures import Future

import numpy as np
import pytest

from wam_demo.errors import PolicyFault
from wam_demo.runtime.monitor import Imagination, PredictionMonitor, compare, steps_between
from wam_demo.types import ActionChunk, Observation, Prediction, StepRecord


def image(value: int) -> np.ndarray:
    return np.full((4, 4, 3), value, np.uint8)


def observation(step: int) -> Observation:
    return Observation({"front": image(step)}, np.zeros(17, np.float32), "go", step / 10)


def plan(made: int) -> Prediction:
    """A plan that can be told by its first number."""
    return Prediction(ActionChunk(np.full((16, 7), made, np.float32)))


def record(step: int, made: int | None = None, index: int | None = None) -> StepRecord:
    """A control step with the plan that was made ``made``; as in a replay without one."""
    prediction = None if made is None else plan(made)
    index = step - made if index is None and made is not None else index
    return StepRecord(step, observation(step), np.zeros(7, np.float32), prediction, made, (), False, index=index)


def cycle(step: int, late: int = 0) -> StepRecord:
    """Every four steps there is a plan, ``late`` steps after its observation."""
    made = (step - late) // 4 * 4
    return record(step, made) if made >= 0 else record(step)


class Imaginer:
    """Imagines that every step adds 1, as the observations above do, plus ``off``."""

    def __init__(self, off: int = 0) -> None:
        self.off = off
        self.asked: list[tuple[int, float | None]] = []
        self.futures: list[Future] = []

    def submit(self, seen: Observation, *, chunk: ActionChunk | None) -> Future:
        first = None if chunk is None else float(chunk.actions[0, 0])
        self.asked.append((int(seen.images["front"][0, 0, 0]), first))
        self.futures.append(Future())
        return self.futures[-1]

    def answer(self) -> None:
        step, _ = self.asked[-1]
        frames = np.stack([image(step + ahead + self.off) for ahead in (4, 8, 12, 16)])
        self.futures[-1].set_result([{"front": frames}])


def run(monitor: PredictionMonitor, imaginer: Imaginer, records, answer_after: int = 1) -> None:
    due = None
    for each in records:
        if due == each.step:
            imaginer.answer()
        asked = len(imaginer.asked)
        monitor.on_step(each)
        if len(imaginer.asked) > asked:
            due = each.step + answer_after


def test_each_plan_is_imagined_from_the_observation_that_it_answers():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit, every=8)
    run(monitor, imaginer, [cycle(step, late=1) for step in range(30)])
    assert imaginer.asked == [(0, 0.0), (8, 8.0), (16, 16.0), (24, 24.0)]
    assert monitor.history[4] == [(4, 0.0), (12, 0.0), (20, 0.0), (28, 0.0)]
    assert monitor.history[16] == [(16, 0.0), (24, 0.0)]


def test_frames_are_counted_from_the_first_action_of_the_plan():
    """The arm held for two steps until the plan of step 0 was there: what it leads to comes two steps later."""
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit)
    held = [record(0), record(1)]
    run(monitor, imaginer, [*held, *(record(step, 0, step - 2) for step in range(2, 8))])
    assert imaginer.asked == [(0, 0.0)]
    assert (monitor.latest.step, monitor.newest[4].made, monitor.newest[4].at) == (2, 2, 6)
    assert monitor.newest[4].error == pytest.approx(2 / 255)


def test_a_plan_that_is_under_way_already_is_not_imagined():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit, every=2)
    run(monitor, imaginer, [cycle(step) for step in range(10)])
    assert imaginer.asked == [(0, 0.0), (4, 4.0), (8, 8.0)]


def test_imaginations_come_as_often_as_the_machine_has_time_for():
    assert [steps_between(seconds) for seconds in (0.05, 0.2, 0.21, 0.33, 0.5, 3.0)] == [4, 4, 5, 7, 10, 10]


def test_quick_answers_let_every_plan_be_imagined():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit)
    run(monitor, imaginer, [cycle(step) for step in range(13)])
    assert [made for made, _ in imaginer.asked] == [0, 4, 8, 12]


def test_until_the_first_answer_the_pause_is_long():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit)
    run(monitor, imaginer, [cycle(step) for step in range(25)], answer_after=11)
    assert [made for made, _ in imaginer.asked] == [0, 12, 24]


def test_where_no_plan_is_known_the_policy_imagines_its_own():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit, every=8)
    run(monitor, imaginer, [record(step, None, step % 4) for step in range(20)])
    assert imaginer.asked == [(0, None), (8, None), (16, None)]


def test_while_the_arm_holds_nothing_is_imagined():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit)
    run(monitor, imaginer, [record(step) for step in range(20)])
    assert imaginer.asked == []


def test_error_is_the_mean_absolute_difference():
    imaginer = Imaginer(off=51)
    monitor = PredictionMonitor(imaginer.submit, every=8)
    run(monitor, imaginer, [cycle(step) for step in range(6)])
    error = monitor.newest[4]
    assert (error.made, error.at) == (0, 4)
    assert error.error == pytest.approx(0.2)
    assert error.maps["front"] == pytest.approx(np.full((4, 4), 0.2))


def test_a_late_answer_is_compared_with_the_moments_that_passed():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit, every=8)
    run(monitor, imaginer, [cycle(step) for step in range(52)], answer_after=50)
    assert monitor.history == {4: [(4, 0.0)], 8: [(8, 0.0)], 12: [(12, 0.0)], 16: [(16, 0.0)]}


def test_in_real_time_a_picture_stands_for_the_steps_since_the_last():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit, every=8)
    run(monitor, imaginer, [record(step, step) for step in (0, 3, 6, 9)], answer_after=3)
    assert monitor.newest[4].at == 4
    assert monitor.newest[4].error == pytest.approx(2 / 255)  # the picture of step 6


def test_after_a_long_pause_nothing_from_before_is_compared():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit, every=8)
    run(monitor, imaginer, [record(step, step) for step in (0, 1, 40, 41, 42)])
    assert monitor.history[4] == []
    assert imaginer.asked == [(0, 0.0), (40, 40.0)]
    assert monitor.latest.step == 40


def test_a_reset_forgets():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit, every=8)
    run(monitor, imaginer, [cycle(step) for step in range(9)])
    monitor.on_reset(observation(0))
    assert (monitor.latest, monitor.newest, monitor.history[4]) == (None, {}, [])
    assert imaginer.futures[-1].cancelled()
    run(monitor, imaginer, [cycle(0)])
    assert imaginer.asked[-1] == (0, 0.0)


def test_a_fault_is_one_line_and_the_next_imagination_is_asked_for():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit, every=8)
    monitor.on_step(cycle(0))
    imaginer.futures[0].set_exception(PolicyFault("no answer\nafter 9 s"))
    for step in range(1, 9):
        monitor.on_step(cycle(step))
    assert monitor.fault == "no answer after 9 s"
    assert len(imaginer.asked) == 2


def test_without_an_imaginer_nothing_happens():
    monitor = PredictionMonitor(None)
    for step in range(20):
        monitor.on_step(cycle(step))
    assert (monitor.latest, monitor.newest) == (None, {})


def test_close_withdraws_the_request():
    imaginer = Imaginer()
    monitor = PredictionMonitor(imaginer.submit)
    monitor.on_step(cycle(0))
    monitor.on_close()
    assert imaginer.futures[0].cancelled()


def test_cameras_that_were_not_imagined_are_left_out():
    frames = {"front": np.stack([image(0)] * 4), "side": np.stack([image(9)] * 4)}
    error = compare(Imagination(0, frames, 1.0), 8, 8, {"front": image(0)})
    assert set(error.maps) == {"front"}
    assert error.error == 0.0
