"""Whatever clients, drivers and time do, the gate's output is finite and within every limit, and STOP works."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bridge.command import Command, Refusal, read_command
from bridge.gate import TICK_S, Gate
from bridge.limiter import limited
from tests.fakes.arm import Gantry, Hands

numbers = some.one_of(
    some.floats(-0.1, 0.1), some.floats(), some.sampled_from([np.nan, np.inf, -np.inf, 1e308, -1e308, 0.0])
)
motions = some.lists(numbers, min_size=7, max_size=7).map(np.array)
clients = some.integers(1, 3)


class GateMachine(RuleBasedStateMachine):
    """Clients, a driver and a clock that do anything in any order."""

    def __init__(self):
        super().__init__()
        self.clock, self.driver = Hands(), Gantry(("front",))
        self.gate = Gate(self.driver.limits, self.driver.kinematics, ("front",))
        self.number = 0
        self.before = self.gate.motion

    @rule(client=clients, mode=some.sampled_from(["dry", "half", "full"]))
    def arm(self, client, mode):
        with suppress(Refusal):
            self.gate.take_lease(client, str(client), self.clock())
            self.gate.arm(client, mode, self.clock())
            self.before = self.gate.motion

    @rule(
        client=clients,
        motion=motions,
        age=some.sampled_from([0.0, 0.0, 0.0, 0.05, 0.2, -1.0]),
        step=some.sampled_from([1, 1, 1, 0, -5]),
        commander=some.sampled_from(["policy", "person"]),
        stale=some.booleans(),
    )
    def command(self, client, motion, age, step, commander, stale):
        self.number += step
        epoch = self.gate.status(self.clock()).epoch - (1 if stale and self.number % 3 == 0 else 0)
        message = {
            "motion": motion,
            "number": self.number,
            "epoch": epoch,
            "sent": self.clock() - age,
            "commander": commander,
        }
        state = self.gate.status(self.clock()).state
        try:
            applied = self.gate.command(client, read_command(message), self.clock())
        except Refusal:
            return
        assert np.isfinite(applied).all()
        assert np.isfinite(motion).all()
        assert state in ("armed", "moving")
        assert self.gate.lease.holder(self.clock()) == client

    @rule(client=clients)
    def home(self, client):
        self.number += 1
        epoch = self.gate.status(self.clock()).epoch
        with suppress(Refusal):
            self.gate.go_home(client, Command(None, self.number, epoch, self.clock()), self.clock())

    @rule(count=some.integers(1, 12))
    def tick(self, count):
        for _ in range(count):
            self.clock.now += TICK_S
            try:
                reading = self.driver.read(self.clock())
            except Exception as error:
                self.gate.fail(str(error))
                self.before = self.gate.motion
                return
            state, before = self.gate.status(self.clock()).state, self.before
            out = self.gate.tick(reading, self.clock())
            after = self.gate.motion
            self.require_limits(before, after)
            if state != "moving" and not before.moving:
                assert not after.moving, f"motion began in state {state}"
            self.before = after
            if out is not None and not self.driver.broken:
                self.driver.send(out, self.clock())

    def require_limits(self, before, after):
        limits = self.driver.limits
        assert np.isfinite(after.position).all()
        assert (after.position >= limits.lower).all()
        assert (after.position <= limits.upper).all()
        assert (np.abs(after.velocity) <= limits.velocity + 1e-9).all()
        assert (np.abs(after.velocity - before.velocity) <= limits.acceleration * TICK_S + 1e-6).all()
        again = limited(before, after.position, limits, TICK_S)
        np.testing.assert_allclose(again.position, after.position, atol=1e-6)

    @rule(client=clients)
    def leave(self, client):
        self.gate.leave(client)

    @rule(seconds=some.floats(0, 3))
    def wait(self, seconds):
        self.clock.now += seconds

    @rule()
    def hold(self):
        self.gate.hold()

    @rule()
    def release_stop(self):
        self.gate.release_stop()

    @rule(what=some.sampled_from(["stuck", "frozen"]), on=some.booleans())
    def fault(self, what, on):
        setattr(self.driver, what, on)

    @rule()
    def unplug(self):
        self.driver.broken = "the bus does not answer"

    @rule()
    def plug(self):
        self.driver.broken = None
        self.gate.connected(self.clock())

    @rule()
    def stop(self):
        self.gate.stop()
        status = self.gate.status(self.clock())
        assert status.stopped
        assert status.state not in ("armed", "moving")
        assert self.gate.lease.holder(self.clock()) is None
        for client in (1, 2, 3):
            with pytest.raises(Refusal):
                self.gate.take_lease(client, str(client), self.clock())
                self.gate.arm(client, "full", self.clock())
            self.gate.leave(client)

    @invariant()
    def a_fault_is_never_in_motion_for_long(self):
        if self.gate.status(self.clock()).state == "fault" and self.gate.motion.moving:
            assert not self.driver.broken  # it brakes, and only a driver that answers can

    @invariant()
    def what_was_sent_is_finite_and_within(self):
        for _, positions in self.driver.sent[-3:]:
            assert np.isfinite(positions).all()
            assert (positions >= self.driver.limits.lower).all()
            assert (positions <= self.driver.limits.upper).all()


def test_random_commands_keep_every_rule():
    run_state_machine_as_test(GateMachine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_random_sequences_keep_every_rule():
    run_state_machine_as_test(
        GateMachine, settings=settings(max_examples=10_000, stateful_step_count=30, deadline=None)
    )
