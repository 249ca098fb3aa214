"""The executors by name."""

from __future__ import annotations

from wam_demo.errors import UnknownNameError
from wam_demo.evaluate.executors.executor import Executor, ExecutorConfig, Load
from wam_demo.evaluate.executors.local import LocalExecutor
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.policies.registry import load_policy

EXECUTORS = ("local", "ray")


def open_executor(name: str, spec: GridSpec, config: ExecutorConfig, load: Load = load_policy) -> Executor:
    """The executor ``local`` or ``ray``.

    Args:
        name: Which one.
        spec: The grid.
        config: Parallelism.
        load: Loads a policy of the local executor; Ray's workers load their own.

    Raises:
        UnknownNameError: There is no such executor.
        InvalidInputError: Ray is not installed.
    """
    if name == "local":
        return LocalExecutor(spec, config, load)
    if name != "ray":
        raise UnknownNameError("engine", name, EXECUTORS)
    from wam_demo.evaluate.executors.ray import RayExecutor

    return RayExecutor(spec, config)
