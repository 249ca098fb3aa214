"""Leaving reality for a dream, and coming back to where it was left."""

from __future__ import annotations

from collections.abc import Sequence

from wam_demo.errors import InvalidInputError
from wam_demo.limits import DREAM_STEPS
from wam_demo.robots.source import Doubtful, Promptable, Source
from wam_demo.runtime.attempt import Attempt
from wam_demo.runtime.contracts import DreamView, Planner
from wam_demo.runtime.person import Person
from wam_demo.runtime.subscriber import Subscriber


def expected_error(source: Source) -> float | None:
    """How far a source's pictures are likely to be from real ones, see `wam_demo.policies.dreaming.Doubt`."""
    doubt = source.doubt if isinstance(source, Doubtful) else None
    return None if doubt is None else doubt.expected_error


class Dream:
    """An attempt in a dream, and the one in reality that waits meanwhile.

    Args:
        reality: Stands between two control steps; is not touched.
        source: The dream, which begins where reality stands; closed by `close`.
        planner: For the dream.
        task: Task name, as in reality.
        subscribers: Those who hear of dreams are told of the dream's reset and steps, and of the way back.
        person: May take the arm there too; who has it keeps it.
    """

    def __init__(
        self,
        reality: Attempt,
        source: Source,
        planner: Planner,
        task: str,
        subscribers: Sequence[Subscriber],
        person: Person | None,
    ) -> None:
        self.reality, self._source = reality, source
        self._listening = [each for each in subscribers if each.hears_dreams]
        self.attempt = Attempt(source, planner, task, reality.seed, DREAM_STEPS, (), None, self._listening, person)
        if self.attempt.takeover is not None and reality.takeover is not None:
            self.attempt.takeover.go_on(reality.takeover.state)

    def prompt(self, text: str) -> None:
        """Tell the policy something else in the dream; raises `InvalidInputError` where it cannot be told."""
        if not isinstance(self._source, Promptable):
            raise InvalidInputError("in this dream the instruction stays as it is")
        self._source.prompt(text)

    def view(self) -> DreamView:
        """What a page says of it."""
        return DreamView(self.reality.step, self.attempt.step, expected_error(self._source))

    def close(self) -> None:
        """Free the dream; who has the arm keeps it in reality, where the policy plans anew."""
        reality, takeover = self.reality, self.attempt.takeover
        if takeover is not None and reality.takeover is not None:
            reality.takeover.go_on(takeover.state)
        self.attempt.close()
        self._source.close()
        for subscriber in self._listening:
            subscriber.on_reset(reality.loop.observation)
