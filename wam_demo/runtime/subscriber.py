"""Who hears what a loop does: screen, log, monitor of predictions, evaluator."""

from __future__ import annotations

from wam_demo.types import Event, Observation, StepRecord


class Subscriber:
    """Hears of everything in the loop's thread; override what is of interest.

    Attributes:
        hears_dreams: Whether it hears of what is only dreamt, too.
    """

    hears_dreams = False

    def on_reset(self, observation: Observation) -> None:
        """An episode begins with this observation."""

    def on_step(self, record: StepRecord) -> None:
        """A control step is done."""

    def on_event(self, asked: Event, applied: Event) -> None:
        """The source was disturbed between two control steps; applying ``asked`` again does the same."""

    def on_close(self) -> None:
        """The loop has ended."""
