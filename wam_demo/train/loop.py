"""The training loop every recipe shares: optimisers, schedule, EMA, log, resumable state."""

import copy
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from wam_demo.models.precision import training_dtype
from wam_demo.train.muon import BatchedMuon
from wam_demo.train.parallel import Losses, is_main, mean_over_processes, shared_objective


@dataclass(frozen=True)
class LoopConfig:
    """How long and how fast to train.

    Attributes:
        steps: Optimiser steps in all.
        lr: Learning rate after warm-up.
        warmup: Steps of linear warm-up.
        decay: Share of the steps, at the end, over which the rate falls linearly to zero.
        weight_decay: Decoupled weight decay of matrices.
        ema: Decay of the averaged weights.
        clip: Gradient norm above which gradients are scaled down.
        muon: Use Muon for the hidden matrices (AdamW for the rest).
        save_seconds: State is written this often.
    """

    steps: int
    lr: float = 1e-3
    warmup: int = 200
    decay: float = 0.25
    weight_decay: float = 0.01
    ema: float = 0.999
    clip: float = 1.0
    muon: bool = False
    save_seconds: float = 120.0


def learning_rate(step: int, config: LoopConfig) -> float:
    """Warm-up, plateau, linear decay; a run can be extended by resuming with more steps."""
    rise = min(1.0, (step + 1) / max(1, config.warmup))
    fall = min(1.0, (config.steps - step) / max(1.0, config.decay * config.steps))
    return config.lr * min(rise, fall)


def build_optimizers(module: nn.Module, config: LoopConfig) -> list[torch.optim.Optimizer]:
    """AdamW, and with ``config.muon`` Muon for the matrices inside transformer blocks and layers."""
    hidden: list[nn.Parameter] = []
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad:
            continue
        inside = any(part in ("blocks", "layers") for part in name.split("."))
        if parameter.ndim == 2 and inside and "modulation" not in name and config.muon:
            hidden.append(parameter)
        else:
            (matrices if parameter.ndim >= 2 else others).append(parameter)
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=config.lr, betas=(0.9, 0.98), fused=True)]
    if hidden:
        dtype = training_dtype(hidden[0].device.type)
        optimizers.append(BatchedMuon(hidden, lr=config.lr, weight_decay=config.weight_decay, dtype=dtype))
    return optimizers


class Trainer:
    """Runs a loss function for a number of steps on one module.

    Args:
        module: Everything that is trained, on the device where it is trained.
        config: See `LoopConfig`.
        out: Directory for ``state.pt`` (to resume) and ``log.jsonl``.
        resume: Continue from ``state.pt`` if it exists.
    """

    def __init__(self, module: nn.Module, config: LoopConfig, out: Path, *, resume: bool = False) -> None:
        self.module, self.config, self.out = module, config, out
        out.mkdir(parents=True, exist_ok=True)
        self.averaged = copy.deepcopy(module).eval().requires_grad_(False)
        self.optimizers = build_optimizers(module, config)
        self.step, self.seconds = 0, 0.0
        if resume and (out / "state.pt").is_file():
            self._load()

    def _load(self) -> None:
        state = torch.load(self.out / "state.pt", weights_only=True, mmap=True)
        self.module.load_state_dict(state["module"])
        self.averaged.load_state_dict(state["averaged"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self) -> None:
        """Write the state atomically, once for all processes."""
        if not is_main():
            return
        state = {
            "module": self.module.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "seconds": self.seconds,
        }
        torch.save(state, self.out / "state.partial")
        os.replace(self.out / "state.partial", self.out / "state.pt")

    def retime(self, steps: int) -> None:
        """Train until this step instead; the learning rate's schedule follows."""
        self.config = replace(self.config, steps=steps)

    def summary(self, batch: int, curves: dict[str, list[float]]) -> dict[str, Any]:
        """What a recipe answers: ``steps``, ``seconds``, ``samples_per_s`` (``batch`` a step) and ``losses``."""
        rate = self.step * batch / max(self.seconds, 1e-9)
        return {"steps": self.step, "seconds": self.seconds, "samples_per_s": rate, "losses": curves}

    def run(
        self,
        loss: Callable[[int], Losses],
        *,
        every: int = 100,
        report: Callable[[int], dict[str, float]] | None = None,
        report_every: int = 1000,
    ) -> dict[str, list[float]]:
        """Train until ``config.steps``.

        Args:
            loss: Maps the step number to the loss and its parts, of this process's share of the batch.
            every: Steps between log lines; the parts are averaged over them.
            report: Called with the averaged weights in place; its numbers are logged too.
            report_every: Steps between reports.

        Returns:
            Loss curves: ``step`` and each part.
        """
        curves: dict[str, list[float]] = {}
        sums: dict[str, Tensor | float] = {}
        counted = 0
        objective = shared_objective(self.module, loss)
        quiet = None if is_main() else True
        bar = tqdm(total=self.config.steps, initial=self.step, disable=quiet, unit="step", mininterval=1)
        start, began, last_save = time.perf_counter(), self.seconds, time.perf_counter()
        while self.step < self.config.steps:
            for name, value in self._update(objective).items():
                sums[name] = sums.get(name, 0.0) + value  # stays on the device until it is logged
            self.step += 1
            counted += 1
            self.seconds = began + time.perf_counter() - start
            bar.update()
            if self.step % every == 0 or self.step == self.config.steps:
                row = averages(sums, counted)
                sums, counted = {}, 0
                if report and is_main() and (self.step % report_every == 0 or self.step == self.config.steps):
                    row |= report(self.step)
                self._log(row, curves)
                bar.set_postfix({name: f"{value:.3f}" for name, value in list(row.items())[:4]})
            if time.perf_counter() - last_save > self.config.save_seconds:
                self.save()
                last_save = time.perf_counter()
        bar.close()
        self.save()
        return curves

    def _update(self, loss: Callable[[int], Losses]) -> dict[str, Tensor]:
        rate = learning_rate(self.step, self.config)
        value, parts = loss(self.step)
        value.backward()
        norm = nn.utils.clip_grad_norm_(self.module.parameters(), self.config.clip)
        finite = bool(torch.isfinite(norm))
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            if finite:
                optimizer.step()
            optimizer.zero_grad()
        decay = min(self.config.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            averaged, current = list(self.averaged.parameters()), list(self.module.parameters())
            torch._foreach_lerp_(averaged, current, 1 - decay)
        return {"loss": value.detach(), "grad_norm": norm.detach(), **parts}

    def _log(self, row: dict[str, float], curves: dict[str, list[float]]) -> None:
        rounded = {name: round(value, 5) for name, value in row.items()}
        entry: dict[str, float] = {"step": self.step, "seconds": round(self.seconds, 1), **rounded}
        for name, value in entry.items():
            curves.setdefault(name, []).append(value)
        if is_main():
            with (self.out / "log.jsonl").open("a") as file:
                file.write(json.dumps(entry) + "\n")


def averages(sums: dict[str, Tensor | float], counted: int) -> dict[str, float]:
    """Means of numbers that were summed over ``counted`` steps, over all processes."""
    values = torch.stack([torch.as_tensor(value, dtype=torch.float32) for value in sums.values()]) / counted
    return dict(zip(sums, mean_over_processes(values).tolist(), strict=True))
