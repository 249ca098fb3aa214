"""What programs can ask of the app: run an episode, plan on a picture, evaluate. Every value is checked here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.executors.executor import ExecutorConfig, Load
from wam_demo.evaluate.executors.local import play_grid
from wam_demo.evaluate.grid.document import policy_document
from wam_demo.evaluate.specs.evaluation import NOMINAL
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.limits import API_EPISODES, IMAGE_PIXELS
from wam_demo.policies.checks import validate_instruction
from wam_demo.policies.engine import InferenceEngine
from wam_demo.policies.engines import engines
from wam_demo.policies.panels import encode_panels
from wam_demo.policies.registry import checkpoint_digest, load_policy
from wam_demo.policies.shared import SharedPolicy
from wam_demo.robots.camera import CameraSource, Frame, home_state
from wam_demo.types import Image, Policy
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.checks import one_of, whole

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP")
UNREADABLE = f"the picture cannot be read; valid: {', '.join(IMAGE_FORMATS)}"
SCENES = 50
"""Scenes that a single episode can be asked for, by number."""
Run = Callable[[GridSpec, ExecutorConfig, Load], list[EpisodeRecord]]


class ProgramCalls:
    """The functions behind the endpoints.

    Args:
        catalogue: What can be chosen on this machine.
        engine_of: Gives the engine of a policy that has one.
        run: Plays the episodes; replaced in tests.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        engine_of: Callable[[str], InferenceEngine] = engines.get,
        run: Run = play_grid,
    ) -> None:
        self._catalogue = catalogue
        self._engine_of = engine_of
        self._run = run

    def choices(self) -> dict[str, Any]:
        """What the other endpoints take: tasks, policies, disturbance axes.

        Returns:
            Names by kind; the first policy is the preferred one.
        """
        from wam_demo.sim.perturb import AXES

        catalogue = self._catalogue
        return {
            "tasks": list(catalogue.tasks),
            "policies": list(catalogue.policies),
            "imagining": catalogue.those(lambda spec: spec.imagines),
            "axes": [NOMINAL, *AXES],
            "episodes_at_most": API_EPISODES,
        }

    def run_episode(
        self,
        task: str = "pick_place",
        policy: str = "",
        scene: int = 0,
        axis: str = NOMINAL,
        severity: int = 3,
        instruction: str = "",
    ) -> dict[str, Any]:
        """Run one episode in the simulator and say how it ended.

        Args:
            task: One of the tasks that `choices` lists.
            policy: One of its policies; the preferred one unless it is named.
            scene: Number of the scene, 0 to 49; the same number is the same scene for every policy.
            axis: What disturbs the scene, or "none".
            severity: How strongly, 1 to 5.
            instruction: Said to the policy instead of the scene's own words, unless it is empty.

        Returns:
            task, seed, success, success_final, steps (0.1 s each), outcome and fault.
        """
        number = whole("scene", scene, 0, SCENES - 1)
        (record,) = self._play(self._spec(task, policy, axis, severity, instruction, 1, number))
        return asdict(record.result)

    def evaluate(
        self,
        task: str = "pick_place",
        policy: str = "",
        axis: str = NOMINAL,
        severity: int = 3,
        episodes: int = 5,
        seed: int = 0,
    ) -> dict[str, Any]:
        """Measure a policy's success rate, with its 95 % interval.

        Args:
            task: One of the tasks that `choices` lists.
            policy: One of its policies; the preferred one unless it is named.
            axis: What disturbs every scene, or "none".
            severity: How strongly, 1 to 5.
            episodes: How many scenes, 1 to 20; the command line runs as many as you like.
            seed: Selects another set of scenes, 0 to 49.

        Returns:
            n, successes, rate, ci95, outcomes, the conditions, and every episode.
        """
        count = whole("episodes", episodes, 1, API_EPISODES)
        spec = self._spec(task, policy, axis, severity, "", count, whole("seed", seed, 0, SCENES - 1))
        return policy_document(spec, spec.policies[0], checkpoint_digest(spec.policies[0]), self._play(spec))

    def predict(self, image: str, instruction: str, policy: str = "", wrist_image: str | None = None) -> dict[str, Any]:
        """Plan the next 1.6 s on a picture; nothing moves, and the arm is assumed at rest.

        Args:
            image: Picture of the fixed camera; its middle square is what the policy sees.
            instruction: What the arm should do.
            policy: A policy that looks at pictures; the preferred one unless it is named.
            wrist_image: Picture of the camera at the wrist; grey if there is none.

        Returns:
            actions (16 steps of 0.1 s: translation [m] 3, rotation vector [rad] 3, gripper opening
            0..1), attention by camera (cells) and on the rest, what else the policy shows, by title, and
            times [ms].
        """
        if not self.planning:
            raise InvalidInputError("no policy that is here plans on pictures")
        policy = one_of("policy", policy or self.planning[0], self.planning)
        pictures = {"front": image, "wrist": wrist_image}
        frames = {camera: Frame(read_image(path), 1, 0.0) for camera, path in pictures.items() if path}
        if "front" not in frames:
            raise InvalidInputError("there is no picture to plan on: give an image")
        source = CameraSource({}, home_state(), validate_instruction(instruction))
        prediction = self._engine_of(policy).submit(source.observation(frames), seed=0).result()
        return {
            "policy": policy,
            "actions": np.asarray(prediction.chunk.actions, float).round(5).tolist(),
            "attention": {name: np.asarray(g, float).round(5).tolist() for name, g in prediction.attention.items()},
            "attention_mass": {name: round(float(mass), 5) for name, mass in prediction.attention_mass.items()},
            "panels": encode_panels(prediction.panels),
            "timing_ms": {name: round(float(ms), 2) for name, ms in prediction.timing_ms.items()},
        }

    @property
    def planning(self) -> list[str]:
        """Policies that can plan on a picture."""
        return self._catalogue.those(lambda spec: spec.needs_images)

    def _spec(
        self, task: str, policy: str, axis: str, severity: int, instruction: str, episodes: int, seed: int
    ) -> GridSpec:
        policies = self._catalogue.policies
        return GridSpec(
            policies=(one_of("policy", policy or next(iter(policies)), policies),),
            tasks=(str(task),),
            axes=(str(axis),),
            severities=(whole("severity", severity, 0, 5),),
            linger=0,
            episodes=episodes,
            seed=seed,
            instruction=str(instruction) or None,
        ).validated()

    def _play(self, spec: GridSpec) -> list[EpisodeRecord]:
        """Every episode, in one simulator process: a crash stays there, and visitors keep a core."""
        return self._run(spec, ExecutorConfig(batch=4, processes=1), self._policy)

    def _policy(self, name: str, checkpoint: Path | None = None) -> Policy:
        return SharedPolicy(self._engine_of(name)) if self._catalogue.policies[name].needs_images else load_policy(name)


def read_image(path: str) -> Image:
    """(H, W, 3) uint8 RGB of a file; its size is read from the header before it is decoded.

    Raises:
        InvalidInputError: It is not a PNG, JPEG or WebP, or too large.
    """
    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    try:
        with Pillow.open(path, formats=IMAGE_FORMATS) as picture:
            width, height = picture.size
            if width * height > IMAGE_PIXELS:
                raise InvalidInputError(
                    f"the picture has {width} x {height} pixels; at most {IMAGE_PIXELS} are accepted"
                )
            return np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise InvalidInputError(UNREADABLE) from error
