"""Task name -> task logic; importing it loads the simulator."""

from collections.abc import Mapping

from wam_demo.errors import UnknownNameError
from wam_demo.sim.tasks.base import Task
from wam_demo.sim.tasks.button import Button
from wam_demo.sim.tasks.drawer import Drawer
from wam_demo.sim.tasks.pick_place import PickPlace
from wam_demo.sim.tasks.push import Push
from wam_demo.sim.tasks.reach import Reach
from wam_demo.sim.tasks.stack import Stack

_LOGIC: Mapping[str, Task] = {
    task.spec.name: task for task in (Reach(), PickPlace(), Stack(), Push(), Drawer(), Button())
}


def task_logic(name: str) -> Task:
    """The logic of a task; raises `UnknownNameError`."""
    if name not in _LOGIC:
        raise UnknownNameError("task", name, _LOGIC)
    return _LOGIC[name]
