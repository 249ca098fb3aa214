"""The Robustness tab: one component that plans runs, watches them, and fetches videos and downloads."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from wam_demo.config import REFERENCE, RUNS, SEVERITIES
from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.grid.document import command
from wam_demo.evaluate.specs.evaluation import EVALUATION_SEEDS, NOMINAL, SEEDS_PER_RUN
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord, worst_first
from wam_demo.evaluate.statistics.power import detectable_difference
from wam_demo.limits import GRID_EPISODES
from wam_demo.types import CONTROL_HZ
from wam_demo.ui.robustness.download import download
from wam_demo.ui.robustness.lab import Job, Lab, checked
from wam_demo.ui.robustness.words import NOMINAL_WORDS, USUAL_AXES
from wam_demo.ui.shared import component
from wam_demo.ui.shared.axes import AXES_IN_WORDS
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.checks import one_of, whole
from wam_demo.ui.shared.component import Answer, Question

_SCRIPTS = (
    "shared/dom.js", "shared/place.js", "shared/taught.js", "shared/charts.js",
    *(f"robustness/{n}.js" for n in ("markup", "grid", "charts", "episodes", "thumbnails", "setup", "robustness")),
)  # fmt: skip
EPISODES_PER_CELL = 8
"""Chosen when the page opens."""
PREFILL_SEEDS = 20
"""Seeds of a paired test that comes from the Live tab."""


def open_lab(directory: Path = RUNS) -> Lab:
    """The laboratory of this checkout."""
    return Lab(directory, reference=REFERENCE)


def build_robustness(catalogue: Catalogue, lab: Lab) -> gr.HTML:
    """Add the tab's component to the blocks that are open.

    Args:
        catalogue: Policies and tasks that can be chosen.
        lab: Plays the grids.
    """
    answer = responder(catalogue, lab)

    def robustness(question: Any) -> Answer:
        return answer(question)

    return component.component(script(catalogue, lab.reference), "robustness", [robustness])


def responder(catalogue: Catalogue, lab: Lab) -> Callable[[Any], Answer]:
    """What answers a page; see `answering`."""

    def estimate(question: Question) -> Answer:
        spec = checked(read_spec(question.get("grid"), catalogue))
        conditions = len(spec.cells()) // len(spec.policies)
        found = detectable_difference(spec.episodes, conditions=conditions) if len(spec.policies) > 1 else None
        return {
            "episodes": spec.total,
            "seconds": lab.expected_s(spec),
            "wait_s": lab.wait_s(),
            "scenes": spec.episodes,
            "detectable": None if found is None else round(found, 3),
        }

    def start(question: Question) -> Answer:
        return {"name": lab.submit(read_spec(question.get("grid"), catalogue)).name}

    def look(question: Question) -> Answer:
        job = lab.job(question.get("name"))
        return _shown(lab, job, question.get("have"))

    def cancel(question: Question) -> Answer:
        lab.cancel(lab.job(question.get("name")))
        return look(question)

    def resume(question: Question) -> Answer:
        lab.resume(lab.job(question.get("name")))
        return look(question)

    def episodes(question: Question) -> Answer:
        job = lab.job(question.get("name"))
        return {"episodes": _episodes(job, question)}

    def video(question: Question) -> Answer:
        job = lab.job(question.get("name"))
        return {"video": base64.b64encode(lab.video(job, _record(job, question))).decode()}

    def fetch(question: Question) -> Answer:
        job = lab.job(question.get("name"))
        name, kind, content = download(job, str(question.get("format")))
        return {"file": name, "type": kind, "content": base64.b64encode(content).decode()}

    def pictures(question: Question) -> Answer:
        return {"picture": base64.b64encode(SEVERITIES.read_bytes()).decode()}

    kinds: Mapping[str, Callable[[Question], Answer]] = {
        "estimate": estimate, "start": start, "look": look, "cancel": cancel, "resume": resume,
        "episodes": episodes, "video": video, "download": fetch, "pictures": pictures,
    }  # fmt: skip
    return component.answering(kinds)


def read_spec(grid: object, catalogue: Catalogue) -> GridSpec:
    """The grid that a page asks for; only policies and tasks that this place offers.

    Raises:
        InvalidInputError: A value is not usable; the text is one line for the page.
    """
    if not isinstance(grid, Mapping):
        raise InvalidInputError("the page sent no grid")
    severities = [whole("severity", value, 1, 5) for value in _list("severities", grid.get("severities"))]
    axes = _names("axis", grid.get("axes"), [NOMINAL, *AXES_IN_WORDS])
    return GridSpec(
        policies=_names("policy", grid.get("policies"), catalogue.policies),
        tasks=_names("task", grid.get("tasks"), catalogue.tasks),
        axes=axes,
        severities=tuple(severities) or ((1,) if axes == (NOMINAL,) else ()),
        episodes=whole("episodes", grid.get("episodes"), 1, GRID_EPISODES),
        seed=whole("seed", grid.get("seed"), 0, 49),
    )


def script(catalogue: Catalogue, reference: str | None = None) -> str:
    """The component's JavaScript, with the choices of this machine in front; ``reference`` is shown first."""
    policies = catalogue.those(lambda spec: not spec.is_baseline)
    words = {NOMINAL: NOMINAL_WORDS, **AXES_IN_WORDS}
    config = {
        "policies": component.named(catalogue.labels),
        "tasks": component.named(catalogue.tasks),
        "axes": [{"name": name, "label": label, "help": text} for name, (label, text) in words.items()],
        "usual": {
            "policies": policies[:2],
            "tasks": ["pick_place"] if "pick_place" in catalogue.tasks else list(catalogue.tasks)[:1],
            "axes": list(USUAL_AXES),
            "severities": [1, 3, 5],
            "episodes": EPISODES_PER_CELL,
            "seed": 0,
        },
        "reference": reference,
        "pictured": list(AXES_IN_WORDS) if SEVERITIES.is_file() else [],
        "first_seed": EVALUATION_SEEDS[0],
        "seeds_a_set": SEEDS_PER_RUN,
        "sets": len(EVALUATION_SEEDS) // SEEDS_PER_RUN,
        "prefill_seeds": PREFILL_SEEDS,
        "most_episodes": GRID_EPISODES,
        "control_hz": CONTROL_HZ,
    }
    return component.script(config, *_SCRIPTS)


def _shown(lab: Lab, job: Job, have: object) -> Answer:
    """Where a run stands; cells only when the page does not have the newest ones."""
    snapshot = lab.snapshot(job)
    done = 0 if snapshot is None else snapshot.done
    answer: Answer = {
        "name": job.name,
        "state": job.state,
        "stopping": job.cancelled and job.state == "running",
        "position": lab.position(job),
        "wait_s": lab.wait_s(job) if job.state == "queued" else 0.0,
        "done": done,
        "total": job.spec.total,
        "left_s": lab.expected_s(job.spec) if snapshot is None else snapshot.left_s,
        "elapsed_s": 0.0 if snapshot is None else snapshot.elapsed_s,
        "error": "",
        "why": job.error,
    }
    if have != done:
        answer |= {"command": command(job.spec), "reference": job.name == lab.reference}
        grid = job.spec.document()
        weights = {} if job.run is None else dict(job.run.weights)
        answer |= {"grid": grid, "weights": weights, **lab.drawn(job)}
    return answer


def _episodes(job: Job, question: Question) -> list[Answer]:
    """Episodes of a cell, worst failures first, with what the other policies did on the same scene."""
    if job.run is None:
        return []
    records = [record for record in job.run.records() if _matches(record, question)]
    own = sorted((r for r in records if r.policy == question.get("policy")), key=worst_first)
    others = {(r.task, r.seed, r.policy): r for r in records if r.policy != question.get("policy")}
    return [
        {
            **_described(record),
            "others": [_described(other) for key, other in others.items() if key[:2] == (record.task, record.seed)],
        }
        for record in own
    ]


def _matches(record: EpisodeRecord, question: Question) -> bool:
    same = (record.axis, record.severity) == (question.get("axis"), question.get("severity"))
    return same and question.get("task") in ("", record.task)


def _described(record: EpisodeRecord) -> Answer:
    return {
        "policy": record.policy,
        "task": record.task,
        "axis": record.axis,
        "severity": record.severity,
        "seed": record.seed,
        "success": record.success,
        "held": record.success_final,
        "outcome": record.outcome,
        "fault": record.fault,
        "seconds": record.steps / CONTROL_HZ,
        "goal_distance_m": record.goal_distance_m,
    }


def _record(job: Job, question: Question) -> EpisodeRecord:
    names = ("policy", "task", "axis", "severity", "seed")
    for record in () if job.run is None else job.run.records():
        if all(getattr(record, name) == question.get(name) for name in names):
            return record
    raise InvalidInputError("this run has no such episode")


def _list(what: str, value: object) -> Sequence[object]:
    if not isinstance(value, list) or len(value) > len(AXES_IN_WORDS) + 1:
        raise InvalidInputError(f"{what} must be a list of at most {len(AXES_IN_WORDS) + 1}")
    return value


def _names(kind: str, value: object, valid: Collection[str]) -> tuple[str, ...]:
    names = _list(f"the names of every {kind}", value)
    if not names:
        raise InvalidInputError(f"choose at least one {kind}")
    return tuple(one_of(kind, name, valid) for name in names)
