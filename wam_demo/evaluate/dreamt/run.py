"""Plays the scenes of a dream evaluation one after the other and keeps what was played."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2

from wam_demo.diagnose.dream_eval import Course, Judge, JudgedScene, judged_scene
from wam_demo.evaluate.dreamt.picture import ends_picture
from wam_demo.policies.registry import load_policy
from wam_demo.policies.weakened import weakness

DRAWN = 12
"""Scenes that are drawn, those first in which dream and simulator disagree."""


class DreamEvaluation:
    """All policies on the same scenes, seed by seed, so that what was played is a comparison at any time.

    Args:
        policies: ``POLICY`` or ``POLICY+WEAKNESS``.
        tasks: Task names.
        seeds: Scenes of each task.
        judge: Looks at pictures of the simulator and of the dreams.
        journal: One line a scene; scenes that stand there are not played again.
    """

    def __init__(
        self, policies: Sequence[str], tasks: Sequence[str], seeds: Sequence[int], judge: Judge, journal: Path
    ) -> None:
        self._judge, self._journal = judge, journal
        self._keys = [(policy, task, seed) for seed in seeds for task in tasks for policy in policies]
        self._scenes: dict[tuple[str, str, int], JudgedScene | None] = {}
        self._ends: list[tuple[JudgedScene, Course, Course]] = []
        if journal.is_file():
            self._scenes = dict(map(_read, journal.read_text().splitlines()))

    @property
    def total(self) -> int:
        """Scenes in all."""
        return len(self._keys)

    @property
    def done(self) -> int:
        """Scenes that stand in the journal."""
        return sum(key in self._scenes for key in self._keys)

    def play(self, on_scene: Callable[[], None] = lambda: None) -> list[JudgedScene]:
        """Play what is missing; returns every scene whose physics did not diverge."""
        from wam_demo.sim.world import World

        policies: dict[str, Any] = {}
        worlds: dict[str, World] = {}
        try:
            with self._journal.open("a") as file:
                for key in self._keys:
                    if key in self._scenes:
                        continue
                    name, task, seed = key
                    base, weak = weakness(name)
                    if task not in worlds:
                        worlds[task] = World(task)
                    if base not in policies:
                        policies[base] = load_policy(base)
                    played = judged_scene(worlds[task], policies[base], name, weak, self._judge, seed)
                    self._keep(key, played)
                    file.write(json.dumps({"key": key, "scene": played and played[0].document()}) + "\n")
                    file.flush()
                    on_scene()
        finally:
            for world in worlds.values():
                world.close()
        return [scene for key in self._keys if (scene := self._scenes[key]) is not None]

    def _keep(self, key: tuple[str, str, int], played: tuple[JudgedScene, Course, Course] | None) -> None:
        self._scenes[key] = played and played[0]
        if played is not None:
            self._ends.append(played)
            self._ends.sort(key=lambda end: end[0].sim == end[0].dreamt)  # stable: the first ones stay first
            del self._ends[DRAWN:]

    def draw(self, path: Path) -> None:
        """Draw how scenes that were played in this run ended, if there are any."""
        if self._ends:
            cv2.imwrite(str(path), ends_picture(self._ends)[..., ::-1])


def _read(line: str) -> tuple[tuple[str, str, int], JudgedScene | None]:
    entry = json.loads(line)
    policy, task, seed = entry["key"]
    return (policy, task, seed), None if entry["scene"] is None else JudgedScene(**entry["scene"])
