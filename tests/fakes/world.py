"""A drawn world as a source: instant, deterministic, no physics engine."""

import copy
import hashlib
import threading
from typing import ClassVar

import cv2
import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.robots.source import Suggestion
from wam_demo.types import CONTROL_HZ, STATE_DIM, CameraPose, Event, Observation

STATE = ("seed", "step_count", "events", "tcp", "opening", "objects", "success", "light", "instruction", "unscored")
START = np.array([0.5, 0.0, 0.3], np.float32)
TARGET = np.array([0.6, 0.15], np.float32)


class FakeWorld:
    """A dot over a table; success is being 3 cm from the target. Image u is y, v is x.

    A source with every capability that a session knows.
    """

    clock = "simulated"
    opened: ClassVar[set] = set()
    """Worlds that nobody has closed; sessions open and close them on threads of their own."""
    success_after = 0
    """Control steps before which being at the target does not count."""
    names: ClassVar = {"red_dot": "red dot"}

    def __init__(self, task: str = "reach") -> None:
        self.task, self.seed, self.step_count = task, 0, 0
        self.instruction = "reach the red dot"
        self.next_fault: str | None = None
        self.fault: str | None = None
        self.success, self.unscored = False, ""
        self.thread = threading.get_ident()
        self.objects: dict[str, np.ndarray] = {}
        self.events: tuple[Event, ...] = ()
        FakeWorld.opened.add(self)

    def reset(self, seed):
        self.seed, self.step_count, self.events = seed, 0, ()
        self.tcp, self.opening = START.copy(), 1.0
        self.objects = {"red_dot": TARGET.copy()}
        self.success, self.light, self.instruction, self.unscored = False, 1.0, "reach the red dot", ""
        self.fault, self._picture = None, None
        return self.observe()

    def schedule(self, events):
        for event in events:
            self.disturb(event.kind, event.parameters)

    def observe(self):
        self._same_thread()
        images = {camera: self.render(camera, 128) for camera in ("front", "wrist")}
        return Observation(images, self.state_vector(), self.instruction, self.step_count / CONTROL_HZ)

    def state_vector(self):
        state = np.zeros(STATE_DIM, np.float32)
        state[:3], state[9] = self.tcp, self.opening
        state[10:12] = self.objects["red_dot"]
        return state

    @property
    def suggestions(self):
        return [Suggestion("reach the red dot", "red dot"), Suggestion("go to the dot that is red", "that dot")]

    def understand(self, text):
        return {"text": text} if "dot" in text else {"text": text, "unscored": f"no {text.split()[-1]} here"}

    def goal_distance(self):
        return float(np.linalg.norm(self.tcp[:2] - self.objects["red_dot"]))

    def snapshot(self):
        return copy.deepcopy({name: getattr(self, name) for name in STATE})

    def restore(self, state):
        self.__dict__.update(copy.deepcopy(state))
        self._picture = None

    def digest(self):
        return hashlib.sha256(repr(self.snapshot()).encode()).hexdigest()[:16]

    def begin(self, action, parts=2):
        self._same_thread()
        self.step_count += 1
        self._action = np.asarray(action, np.float32)
        self._target = self.tcp + np.clip(action[:3], -0.05, 0.05)
        self._from, self.opening = self.tcp.copy(), float(action[6])
        self._parts, self._part = parts, 0
        self.proceed()

    def proceed(self):
        self._part += 1
        self._move(self._part / self._parts)

    def finish(self):
        self._move(1.0)
        near = self.goal_distance() < 0.03
        self.success = self.success or bool(near and not self.unscored and self.step_count >= self.success_after)
        self.fault, self.next_fault = self.next_fault, None
        return self._action

    def apply(self, action):
        self.begin(action)
        return self.finish()

    def _move(self, part):
        self.tcp = self._from + (self._target - self._from) * part
        self._picture = None

    def picture(self):
        if self._picture is None:
            self._picture = self.render("front", 256)
        return self._picture

    def render(self, camera, size=256):
        self._same_thread()
        image = np.full((size, size, 3), (150, 125, 100), np.uint8)
        image[: size // 4] = (120, 140, 160)
        for index, place in enumerate(self.objects.values()):
            colour = [(200, 40, 40), (40, 60, 200), (40, 160, 80)][index % 3]
            cv2.circle(image, self._pixel(place, size), size // 24, colour, -1)
        tip = self._pixel(self.tcp[:2], size)
        cv2.line(image, (size // 2, 0), tip, (235, 235, 240), size // 14)
        cv2.circle(image, tip, size // 20, (40, 40, 45), -1)
        if camera == "wrist":
            image = np.ascontiguousarray(image[::-1])
        return (image * self.light).astype(np.uint8)

    def disturb(self, kind, parameters):
        self._same_thread()
        self._picture = None
        if kind == "distractor" and "position" not in parameters:
            self.objects = {"red_dot": self.objects["red_dot"]}
        elif kind == "distractor":
            self.objects[f"thing_{len(self.objects)}"] = np.array(parameters["position"])
        elif kind == "shove" and parameters["object"] not in self.objects:
            raise InvalidInputError(f"{parameters['object']!r} cannot be shoved")
        elif kind == "shove":
            self.objects[parameters["object"]] += parameters["offset"]
        elif kind == "language":
            self.instruction = parameters.get("text", "reach the red dot")
            self.unscored = parameters.get("unscored", "")
        elif kind == "light":
            self.light = 1.0 - 0.12 * parameters["severity"]
        event = Event(self.step_count, kind, dict(parameters))
        self.events = (*self.events, event)
        return event

    def ground_point(self, camera, u, v):
        return None if v < 0.25 else np.array([0.2 + 0.6 * v, u - 0.5, 0.0])

    def pick(self, camera, u, v):
        point = self.ground_point(camera, u, v)
        if point is None:
            return None
        near = {name: np.linalg.norm(place - point[:2]) for name, place in self.objects.items()}
        name = min(near, key=near.get)
        return name if near[name] < 0.06 else None

    def camera_poses(self):
        """From above: right in the picture is y, down is x."""
        rotation = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
        return {"front": CameraPose(np.array([0.5, 0, 1], np.float32), rotation, 0.4)}

    def close(self):
        FakeWorld.opened.discard(self)

    def _pixel(self, place, size):
        return int((place[1] + 0.5) * size), int((place[0] - 0.2) / 0.6 * size)

    def _same_thread(self):
        assert threading.get_ident() == self.thread, "a world belongs to the thread that made it"


def sample(axis, severity, seed):
    """Events of an axis, as the simulator draws them."""
    rng = np.random.default_rng(seed)
    if severity == 0:
        return [Event(0, axis, {"severity": 0})]
    if axis == "distractor":
        return [Event(0, axis, {"position": [rng.uniform(0.4, 0.7), rng.uniform(-0.3, 0.3)]})]
    if axis == "shove":
        return [Event(0, axis, {"object": "red_dot", "offset": [0.05, 0.02]})]
    return [Event(0, axis, {"severity": severity})]
