"""The three unseen settings (arXiv 2605.10942) by name, each as two parts on the same scenes: what training shows, and
what not. `wam_demo.sim.unseen` sets them up; importing this loads no simulator.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Suite:
    """One unseen setting.

    Attributes:
        seen: Name of the matched part that training shows.
        unseen: Name of the part that it does not.
    """

    seen: str
    unseen: str

    @property
    def parts(self) -> tuple[str, str]:
        """Both, as they are played."""
        return (self.seen, self.unseen)


SUITES: Mapping[str, Suite] = {
    f"unseen-{factor}": Suite(f"seen-{factor}", f"unseen-{factor}") for factor in ("background", "position", "object")
}
"""By the name on the command line."""
PARTS = tuple(part for suite in SUITES.values() for part in suite.parts)
