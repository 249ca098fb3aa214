"""The scripted expert: memoryless, it infers the phase from poses and the measured gripper opening."""

from wam_demo.sim.world import World
from wam_demo.types import Vector


class Expert:
    """Acts in a world from its present state only.

    Args:
        world: The world to read; never stepped by the expert.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def act(self) -> Vector:
        """(7,) float32 action for the next control step."""
        return self._world.judge.act(self._world.scene, self._world.assignment)
