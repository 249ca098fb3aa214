"""Several processes that train one model, each on its share of every batch; `accelerate launch` starts them."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs, PartialState
from accelerate.utils import reduce
from torch import Tensor, nn

from wam_demo.errors import InvalidInputError

Losses = tuple[Tensor, dict[str, Tensor]]


@dataclass(frozen=True)
class Share:
    """Which part of a batch a process computes.

    Attributes:
        index: Of the process.
        count: How many processes there are.
    """

    index: int = 0
    count: int = 1

    def of(self, total: int) -> slice:
        """Rows of a batch of ``total`` samples that are this process's."""
        size = total // self.count
        return slice(self.index * size, (self.index + 1) * size)

    def require(self, **batches: int) -> None:
        """Refuse batches that cannot be shared evenly: the mean of their losses would be another one.

        Args:
            batches: Samples by the name of the batch.

        Raises:
            InvalidInputError: One is no multiple of the number of processes.
        """
        for name, size in batches.items():
            if size % self.count:
                raise InvalidInputError(f"{name} is {size}, which {self.count} processes cannot share evenly")


def launched() -> bool:
    """Whether this process is one of several that train together."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def own_share() -> Share:
    """This process's share; everything where it is alone."""
    if not launched():
        return Share()
    state = PartialState()
    return Share(state.process_index, state.num_processes)


def is_main() -> bool:
    """Whether this process writes files, logs and checkpoints: one of those that train together does."""
    return own_share().index == 0


def compute_device() -> torch.device:
    """This process's GPU where there is one."""
    if launched():
        return PartialState().device
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def mean_over_processes(value: Tensor) -> Tensor:
    """The mean of a tensor without gradient over all processes, on each of them."""
    return reduce(value, "mean") if launched() else value


class Objective(nn.Module):
    """A loss as a module that owns what it trains, so that gradients can be averaged as they are computed."""

    def __init__(self, trained: nn.Module, loss: Callable[[int], Losses]) -> None:
        super().__init__()
        self.trained, self.loss = trained, loss

    def forward(self, step: int) -> Losses:
        """The loss of a step and its parts."""
        return self.loss(step)


def shared_objective(trained: nn.Module, loss: Callable[[int], Losses]) -> Callable[[int], Losses]:
    """The loss, whose gradients are the mean over all processes.

    Args:
        trained: Everything that is trained.
        loss: Of this process's share of a step's batch.
    """
    if not launched():
        return loss
    # Not every loss reaches every weight in every step, for instance without a video batch.
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    accelerator = Accelerator(mixed_precision="no", kwargs_handlers=[unused])
    return accelerator.prepare(Objective(trained, loss))
