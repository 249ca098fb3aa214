"""Named recipes: what ``train KIND --preset P`` runs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from wam_demo.config import CHECKPOINTS
from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.models.harmo.motion import MotionPriorConfig
from wam_demo.models.harmo.reactive import ReactiveConfig
from wam_demo.models.teacher import SimsemConfig, load_teachers
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.models.wam.reader import ReaderConfig
from wam_demo.sim.regions import Region
from wam_demo.train.action_images import ActionImagesRecipe, train_action_images
from wam_demo.train.dream import DreamRecipe, train_dream
from wam_demo.train.harmo import HarmoRecipe, train_harmo
from wam_demo.train.imagination import ImaginationRecipe, train_imagination
from wam_demo.train.loop import LoopConfig
from wam_demo.train.losses import Arm
from wam_demo.train.randomised import ensure_randomised
from wam_demo.train.success import SuccessRecipe, train_success
from wam_demo.train.teacher import TeacherRecipe, train_teacher
from wam_demo.train.tokenizer import TokenizerRecipe, train_tokenizer
from wam_demo.train.wam import train_wam
from wam_demo.train.wam_recipe import WamRecipe
from wam_demo.train.words import WordsRecipe, train_words

KINDS = (
    "tokenizer",
    "decoder",
    "teacher",
    "wam",
    "agra",
    "imagination",
    "dream",
    "harmo",
    "action-images",
    "success",
    "words",
)
"""``decoder`` trains the shipped tokenizer's decoder further and leaves its latent space as it is; ``imagination``
trains the model that imagines for a policy, which stays as it is; ``dream`` that model further, on its own dreams;
``harmo`` experts and a gate beside a policy;
``action-images`` the video backbone of one, to draw its actions; ``success`` a head that judges by its features;
``words`` a reader of its instructions."""

BESIDE_A_POLICY = ("imagination", "dream", "harmo", "action-images", "success", "words")
"""Kinds that are trained beside a policy, whose checkpoint ``init`` names."""

TOKENIZER = {
    "debug": TokenizerRecipe(loop=LoopConfig(steps=20, warmup=5), batch=4, compile=False, scenes=1),
    "small": TokenizerRecipe(),
    "base": TokenizerRecipe(loop=LoopConfig(steps=12_000, lr=1.5e-3, decay=0.5), batch=64, scenes=600),
}
DECODER = {
    "debug": replace(TOKENIZER["debug"], loop=LoopConfig(steps=5, warmup=2)),
    "small": replace(TOKENIZER["small"], loop=LoopConfig(steps=3000, lr=5e-4, warmup=100, decay=0.7)),
    "base": replace(TOKENIZER["base"], loop=LoopConfig(steps=8000, lr=5e-4, warmup=100, decay=0.7)),
}
TEACHER = {
    "debug": TeacherRecipe(SimsemConfig(dim=48, depth=2), LoopConfig(steps=10, warmup=2, muon=True), 4, 1, 4, False),
    "small": TeacherRecipe(),
    "base": TeacherRecipe(
        SimsemConfig(dim=384, depth=8, heads=6),
        LoopConfig(steps=15_000, lr=1e-3, decay=0.4, muon=True),
        batch=128,
        scenes=4000,
    ),
}
WAM = {
    "debug": WamRecipe(
        backbone=BackboneConfig(dim=48, depth=3, heads=2),
        head=ActionHeadConfig(dim=48, depth=2, heads=2),
        loop=LoopConfig(steps=10, warmup=2, muon=True),
        batch=4,
        draws=2,
        video_batch=2,
        compile=False,
    ),
    "small": WamRecipe(arm=Arm(weight=1.0, blocks=(1, 3, 5), projector="conv")),
    "base": WamRecipe(
        loop=LoopConfig(steps=6000, lr=1.5e-3, decay=0.4, muon=True),
        batch=256,
        video_batch=48,
        recorded_batch=128,
        arm=Arm(weight=1.0, blocks=(1, 3, 5), projector="conv"),
        compile=False,
    ),
}
IMAGINATION = {
    "debug": ImaginationRecipe(LoopConfig(steps=5, warmup=2, muon=True), batch=2, compile=False),
    "small": ImaginationRecipe(),
    "base": ImaginationRecipe(LoopConfig(steps=3000, lr=1e-3, decay=0.4, muon=True), batch=256, compile=False),
}
DREAM = {
    "debug": DreamRecipe(
        LoopConfig(steps=4, warmup=2, muon=True), batch=2, hops=2, imagination=IMAGINATION["debug"], compile=False
    ),
    "small": DreamRecipe(),
    "base": DreamRecipe(
        LoopConfig(steps=2000, lr=4e-4, warmup=100, decay=0.5, muon=True),
        batch=128,
        imagination=replace(IMAGINATION["base"], batch=128),
        compile=False,
    ),
}
HARMO = {
    "debug": HarmoRecipe(
        ReactiveConfig(dim=32, depth=1, heads=2, width=16),
        MotionPriorConfig(dim=32, depth=1, heads=2),
        gate_hidden=16,
        loop=LoopConfig(steps=5, warmup=2, muon=True),
        batch=4,
        draws=2,
        imagined=8,
        steps=1,
    ),
    "small": HarmoRecipe(),
    "base": HarmoRecipe(loop=LoopConfig(steps=3000, lr=1e-3, muon=True), batch=256, imagined=20_000),
}
ACTION_IMAGES = {
    "debug": ActionImagesRecipe(
        BackboneConfig(dim=48, depth=3, heads=2), LoopConfig(steps=5, warmup=2, muon=True), 4, 2, compile=False
    ),
    "small": ActionImagesRecipe(),
    "base": ActionImagesRecipe(
        loop=LoopConfig(steps=3000, lr=1e-3, decay=0.4, muon=True),
        batch=128,
        modes_batch=32,
        modes_every=1,
        horizons=2,
        compile=False,
    ),
}
SUCCESS = {
    "debug": SuccessRecipe(dim=16, depth=1, heads=2, loop=LoopConfig(steps=5, warmup=2), batch=4),
    "small": SuccessRecipe(),
    "base": SuccessRecipe(loop=LoopConfig(steps=8000, lr=1e-3, warmup=200, decay=0.5), batch=256),
}
WORDS = {
    "debug": WordsRecipe(
        ReaderConfig(queries=2, dim=8, hidden=16), 60, LoopConfig(steps=5), 8, LoopConfig(steps=3), batch=8
    ),
    "small": WordsRecipe(),
    "base": WordsRecipe(sentences=30_000),
}
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "tokenizer": TOKENIZER,
    "decoder": DECODER,
    "teacher": TEACHER,
    "imagination": IMAGINATION,
    "dream": DREAM,
    "harmo": HARMO,
    "action-images": ACTION_IMAGES,
    "success": SUCCESS,
    "words": WORDS,
}


def preset_of(presets: Mapping[str, Any], preset: str) -> Any:
    """The recipe of this preset; an unknown name is refused with the closest valid one."""
    if preset not in presets:
        raise UnknownNameError("preset", preset, presets)
    return presets[preset]


def _checked(arm: Arm, depth: int) -> Arm:
    if not arm.blocks or max(arm.blocks) >= depth:
        raise InvalidInputError(f"blocks {arm.blocks} are not all among the {depth} of this preset, counted from 0")
    return arm


def _refuse_unused(kind: str, given: Mapping[str, object], kinds: Sequence[str]) -> None:
    """Refuse what one asked for in vain; ``given`` by name, unused by ``kinds``."""
    for name, value in given.items():
        if value and kind in kinds:
            raise InvalidInputError(f"{name} was given, but training {kind!r} has no use for it")


def _checked_start(start: WorldActionModel, recipe: WamRecipe) -> WorldActionModel:
    backbone = replace(start.config.backbone, rays=recipe.backbone.rays)  # the data decide about these
    if (backbone, start.config.head) != (recipe.backbone, recipe.head):
        raise InvalidInputError("init holds a model of other sizes than this preset's")
    return start


def run(
    kind: str,
    preset: str,
    data: Path,
    out: Path,
    *,
    resume: bool = False,
    teacher: str = "simsem",
    arm: Mapping[str, Any] | None = None,
    seed: int = 0,
    steps: int | None = None,
    rate: float | None = None,
    init: Path | None = None,
    videos: Path | None = None,
    region: Region = "whole",
    checkpoints: Path = CHECKPOINTS,
) -> dict[str, Any]:
    """Train one model.

    Args:
        kind: One of `KINDS`.
        preset: ``debug`` (seconds), ``small`` (2 CPU cores), ``base`` (one GPU).
        data: Dataset written by ``demos``; the teacher needs none and keeps its renders there, ``words`` reads none.
        out: Run directory: log, resumable state and, in the end, the checkpoint.
        resume: Continue what is in ``out``.
        teacher: For ``agra``: see `load_teachers`.
        arm: For ``wam`` and ``agra``: what to change about the preset's `Arm`.
        seed: Seeds everything.
        steps: Instead of the preset's; resuming with more steps extends a run.
        rate: Learning rate after warm-up instead of the preset's, as for weights that are finished and learn on.
        videos: For ``wam``, ``agra``, ``imagination`` and ``dream``: recordings whose actions are not read; for
            ``success``: demonstrations, of which it reads what succeeded.
        init: Begin with the weights of this checkpoint, of the same kind and sizes, instead of random ones; for
            ``imagination``, ``dream``, ``success`` and ``words`` the policy that it is for, for ``harmo`` and
            ``action-images`` the world model.
        region: For ``wam``, ``agra`` and ``harmo``: where labels may lie, see `wam_demo.sim.regions`.
        checkpoints: Where the frozen tokenizer and teacher are read from.

    Returns:
        ``steps``, ``seconds``, ``samples_per_s``, ``losses``; of ``success`` first ``held_out``, how good it is.
    """
    if kind not in KINDS:
        raise UnknownNameError("model to train", kind, KINDS)
    _refuse_unused(kind, {"init": init}, ("teacher",))
    _refuse_unused(kind, {"videos": videos}, ("tokenizer", "decoder", "teacher", "harmo", "action-images", "words"))
    _refuse_unused(kind, {"what is aligned": arm}, [name for name in KINDS if name not in ("wam", "agra")])
    _refuse_unused(kind, {"region": region != "whole"}, [k for k in KINDS if k not in ("wam", "agra", "harmo")])
    presets = PRESETS.get(kind, WAM)
    if kind == "tokenizer" and init:
        presets = DECODER  # a trained network needs smaller steps
    recipe = preset_of(presets, preset)
    if steps is not None:
        recipe = replace(recipe, loop=replace(recipe.loop, steps=steps))
    if rate is not None:
        recipe = replace(recipe, loop=replace(recipe.loop, lr=rate))
    out.mkdir(parents=True, exist_ok=True)
    common: dict[str, Any] = {"seed": seed, "resume": resume}
    if kind in ("tokenizer", "decoder"):
        start = init or (checkpoints / "tokenizer" if kind == "decoder" else None)
        return _train_tokenizer(recipe, data, out, start, decoder_only=kind == "decoder", **common)
    if kind == "teacher":
        return train_teacher(recipe, _renders(out, recipe, 2), out, **common)
    tokenizer = Tokenizer.from_pretrained(checkpoints / "tokenizer")
    if kind in BESIDE_A_POLICY:
        if init is None:
            raise InvalidInputError(f"training {kind!r} needs --init, the checkpoint of the policy that it is for")
        return _train_beside(kind, recipe, init, data, out, tokenizer, videos=videos, region=region, **common)
    if arm:
        recipe = replace(recipe, arm=_checked(replace(recipe.arm, **arm), recipe.backbone.depth))
    teachers = load_teachers(teacher, checkpoints / "teacher") if kind == "agra" else None
    start = _checked_start(WorldActionModel.from_pretrained(init), recipe) if init else None
    given: dict[str, Any] = {"videos": videos, "teachers": teachers, "start": start, "region": region}
    return train_wam(recipe, data, out, tokenizer, **given, **common)


def _train_beside(
    kind: str,
    recipe: Any,
    policy: Path,
    data: Path,
    out: Path,
    tokenizer: Tokenizer,
    *,
    videos: Path | None,
    region: Region,
    **common: Any,
) -> dict[str, Any]:
    """One of `BESIDE_A_POLICY`."""
    if kind == "harmo":
        return train_harmo(recipe, policy, data, out, tokenizer, region=region, **common)
    if kind == "action-images":
        return train_action_images(recipe, policy, data, out, tokenizer, **common)
    if kind == "success":
        return train_success(recipe, policy, data, out, tokenizer, demonstrations=videos, **common)
    if kind == "words":
        return train_words(recipe, policy, out, **common)
    if kind == "dream":
        return train_dream(recipe, policy, data, out, tokenizer, videos=videos, **common)
    return train_imagination(recipe, policy, data, out, tokenizer, videos=videos, **common)


def _renders(out: Path, recipe: TokenizerRecipe | TeacherRecipe, which: int) -> list[Path]:
    """Randomised scenes: others for the teacher (2) than for the tokenizer (1), which makes a fairer test of that."""
    return ensure_randomised(out / "renders", which, recipe.scenes, recipe.frames_per_scene)


def _train_tokenizer(
    recipe: TokenizerRecipe, data: Path, out: Path, init: Path | None, *, decoder_only: bool, seed: int, resume: bool
) -> dict[str, Any]:
    datasets = [data, *_renders(out, recipe, 1)]
    start = None if init is None else Tokenizer.from_pretrained(init)
    return train_tokenizer(recipe, datasets, out, seed=seed, resume=resume, start=start, decoder_only=decoder_only)
