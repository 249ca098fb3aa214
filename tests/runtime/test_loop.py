"""The one loop with the sources that there are: order of what is told, and what each source makes of it."""

import numpy as np
import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.world import FakeWorld
from wam_demo.errors import InvalidInputError, PolicyFault
from wam_demo.policies.receding import PlayedStep
from wam_demo.robots.camera import CameraSource, FrameBox
from wam_demo.robots.recording import RecordedStep, RecordingSource
from wam_demo.runtime.loop import Loop
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.types import Event, Observation


class Right:
    """An agent that moves to the right."""

    wait_steps = 0

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.closed = False

    def act(self, step, observation):
        self.asked.append(step)
        if observation.instruction == "refuse":
            raise PolicyFault("no answer")
        return PlayedStep(np.array([0, 0.03, 0, 0, 0, 0, 1], np.float32), None, step, 3)

    def close(self):
        self.closed = True


class Listener(Subscriber):
    def __init__(self) -> None:
        self.heard: list[tuple] = []

    def on_reset(self, observation):
        self.heard.append(("reset", observation.time))

    def on_step(self, record):
        self.heard.append(("step", record.step))
        self.record = record

    def on_event(self, asked, applied):
        self.heard.append(("event", asked, applied))

    def on_close(self):
        self.heard.append(("close",))


@pytest.fixture
def world():
    source = FakeWorld()
    yield source
    source.close()


def test_everything_is_told_in_order(world):
    agent, listener = Right(), Listener()
    loop = Loop(world, agent, [listener])
    loop.reset(3)
    loop.advance()
    loop.disturb("light", {"severity": 2})
    loop.advance()
    loop.close()
    event = Event(1, "light", {"severity": 2})
    assert listener.heard == [("reset", 0.0), ("step", 0), ("event", event, event), ("step", 1), ("close",)]
    assert (agent.asked, agent.closed) == ([0, 1], True)
    record = listener.record
    assert record.events == (event,)
    np.testing.assert_array_equal(record.commanded, [0, np.float32(0.03), 0, 0, 0, 0, 1])
    assert (record.prediction_step, record.index) == (1, 3)
    assert record.goal_distance == pytest.approx(world.goal_distance())


def test_a_reset_begins_anew_and_schedules_its_events(world):
    loop = Loop(world, Right())
    loop.reset(3)
    loop.advance()
    dark = loop.reset(4, [Event(0, "light", {"severity": 5})])
    assert (loop.step, world.seed) == (0, 4)
    assert dark.images["front"].mean() < 70
    assert [event.kind for event in loop.advance().events] == ["light"]


def test_between_the_halves_the_source_can_be_looked_at(world):
    loop = Loop(world, Right())
    loop.reset(0)
    before = world.picture()
    loop.begin()
    assert loop.halfway
    assert (world.picture() != before).any()
    with pytest.raises(AssertionError, match="between control steps"):
        loop.disturb("light", {"severity": 1})
    loop.finish()
    assert (loop.halfway, loop.step) == (False, 1)


def test_an_agent_that_fails_moves_nothing_and_may_be_asked_again(world):
    loop = Loop(world, Right())
    loop.reset(0)
    loop.disturb("language", {"text": "refuse"})
    with pytest.raises(PolicyFault):
        loop.advance()
    assert (loop.halfway, loop.step, world.step_count) == (False, 0, 0)
    loop.disturb("language", {"text": "go"})
    assert loop.advance().step == 0


def recorded(count):
    for k in range(count):
        image = np.full((128, 128, 3), k, np.uint8)
        observation = Observation({"front": image, "wrist": image}, np.zeros(17, np.float32), "go", k / 10)
        yield RecordedStep(k, observation, observation.images, np.full(7, k, np.float32))


def test_a_recording_gives_what_was_done_whatever_is_commanded():
    source = RecordingSource(recorded(3))
    loop = Loop(source, Right())
    assert [each.step for each in source.upcoming(2)] == [0, 1]
    records = []
    while not source.finished:
        records.append(loop.advance())
    assert [record.action[0] for record in records] == [0, 1, 2]
    assert [record.observation.images["front"].max() for record in records] == [0, 1, 2]
    assert [record.success for record in records] == [False] * 3
    with pytest.raises(InvalidInputError, match="cannot be disturbed"):
        loop.disturb("light", {"severity": 1})


def test_in_real_time_the_step_follows_from_the_observation():
    clock = ManualClock()
    frames = FrameBox(clock.now)
    agent = Right()
    loop = Loop(CameraSource({"front": frames}, np.zeros(17, np.float32), "go", clock.now), agent)
    for at in (0.0, 0.25, 0.3):
        clock.time = at
        frames.put(np.full((64, 64, 3), int(100 * at), np.uint8))
        record = loop.advance()
    assert agent.asked == [0, 2, 3]
    assert (record.step, record.action[6]) == (3, 0.0)
