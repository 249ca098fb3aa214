"""Who hears what a loop does: screen, log, recorder, evaluator, monitor of the imagination."""

from typing import Protocol

from wam_demo.types import StepRecord


class Subscriber(Protocol):
    """Receives every step of a loop, in the loop's thread."""

    def on_step(self, record: StepRecord) -> None:
        """Called after each control step."""
