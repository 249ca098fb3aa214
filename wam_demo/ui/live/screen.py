"""The newest view of one session, handed from the session's thread to the stream of its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wam_demo.runtime import SessionView, Watcher
from wam_demo.types import Observation, StepRecord
from wam_demo.ui.live.counterfactual import CounterfactualPlan
from wam_demo.ui.live.inquirer import Inquirer
from wam_demo.ui.live.probe import ProbeAsk
from wam_demo.ui.live.track import Track


class Screen(Watcher):
    """The newest view of one session, handed from its thread to the stream of its page."""

    hears_dreams = True

    def __init__(self) -> None:
        self.newest: tuple[SessionView, dict[str, Any]] | None = None
        self.clip = ""
        """Name under which the page asks for clips of what it saw."""
        self.challenge: Callable[[SessionView], dict[str, Any] | None] = lambda view: None
        """How a view stands in the challenge, where one is held."""
        self._track = Track()
        self._charts: dict[str, Any] = self._track.charts()
        self._changed: Callable[[], None] = lambda: None
        self.prober: Inquirer[ProbeAsk] = Inquirer(lambda: self._changed())
        self.counterfactuals: Inquirer[CounterfactualPlan] = Inquirer(lambda: self._changed())

    def on_change(self, call: Callable[[], None]) -> None:
        """Call this, from the session's thread, whenever there is a newer view."""
        self._changed = call

    def on_reset(self, observation: Observation) -> None:
        """An episode begins."""
        self._track.begin(observation)
        self._charts = self._track.charts()

    def on_step(self, record: StepRecord) -> None:
        """One control step is done."""
        self._track.add(record)
        self._charts = self._track.charts()

    def on_view(self, view: SessionView) -> None:
        """A picture is there; it replaces the one before."""
        self.newest = (view, self._charts)
        self._changed()
