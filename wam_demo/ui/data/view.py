"""What the page shows of a draft: its episodes as JSON, and small pictures of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2

from wam_demo.data.cuts import Cut
from wam_demo.data.meta import read_info
from wam_demo.data.stills import still
from wam_demo.errors import DataError, InvalidInputError
from wam_demo.types import Image
from wam_demo.ui.data.draft import Draft, stamp_of
from wam_demo.ui.shared.packet import encode_jpeg, pack

PICTURE = 96
"""Side of a small picture [px]."""
MOST_PICTURED = 24
"""Episodes of one answer with pictures."""
ENDS = ("first", "last")


def sets(roots: Sequence[Path]) -> list[dict[str, Any]]:
    """Every dataset of a folder, JSON-ready; one that cannot be read says why."""
    return [_set(root) for root in sorted(roots) if root.is_dir() and not root.name.startswith(".")]


def _set(root: Path) -> dict[str, Any]:
    try:
        return {"name": root.name, "episodes": int(read_info(root)["total_episodes"]), "stamp": str(stamp_of(root))}
    except DataError as error:
        return {"name": root.name, "episodes": 0, "stamp": "", "fault": " ".join(str(error).split())}


def shown(draft: Draft) -> dict[str, Any]:
    """A draft, JSON-ready: ``name``, ``changes`` that are not saved, ``episodes``."""
    flags: dict[int, list[dict[str, str]]] = {}
    for problem in draft.problems():
        flags.setdefault(problem.episode, []).append({"kind": problem.kind, "detail": problem.detail})
    episodes = [_episode(draft, number, cut, flags.get(number, [])) for number, cut in enumerate(draft.cuts)]
    stamp = str(draft.source(draft.cuts[0]).stamp) if draft.cuts[0].root == draft.root else ""
    return {"name": draft.root.name, "stamp": stamp, "changes": draft.changes, "episodes": episodes}


def _episode(draft: Draft, number: int, cut: Cut, flags: list[dict[str, str]]) -> dict[str, Any]:
    row, source = draft.row(cut), draft.source(cut)
    said = cut.instruction or ", ".join(row.get("tasks") or [])
    return {
        "number": number,
        "key": f"{cut.root.name}/{cut.episode}/{cut.start}-{cut.stop}@{source.stamp}",
        "frames": len(cut),
        "seconds": round(len(cut) / source.dataset.fps, 1),
        "success": row.get("success") if cut.success is None else cut.success,
        "by": row.get("success_by", "") if cut.success is None else "person",
        "drivers": row.get("drivers") or "",
        "interventions": row.get("interventions") or 0,
        "instruction": said,
        "task": row.get("task_name") or "",
        "flags": flags,
    }


def pictures(draft: Draft, numbers: Sequence[int]) -> dict[str, Any]:
    """First and last picture of episodes as one atlas; a damaged episode has none.

    Returns:
        ``image``: base64 JPEG, or ``None``; ``tiles``: rectangles by ``number.first`` and ``number.last``.
    """
    found: dict[str, Image] = {}
    for number in numbers[:MOST_PICTURED]:
        if not 0 <= number < len(draft.cuts):
            raise InvalidInputError(f"there is no episode {number}")
        found |= {f"{number}.{end}": image for end, image in _ends(draft, draft.cuts[number]).items()}
    if not found:
        return {"image": None, "tiles": {}}
    atlas, tiles = pack(found)
    return {"image": encode_jpeg(atlas), "tiles": tiles}


def _ends(draft: Draft, cut: Cut) -> Mapping[str, Image]:
    dataset, row = draft.source(cut).dataset, draft.row(cut)
    if not dataset.cameras:
        return {}
    camera = "front" if "front" in dataset.cameras else dataset.cameras[0]
    try:
        images = [still(dataset, row, camera, frame) for frame in (cut.start, cut.stop - 1)]
    except (DataError, OSError):
        return {}
    small = (cv2.resize(image, (PICTURE, PICTURE), interpolation=cv2.INTER_AREA) for image in images)
    return dict(zip(ENDS, small, strict=True))
