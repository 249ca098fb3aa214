"""Pictures of what disturbs, cut from the sheet that the app shows too."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from wam_demo.config import SEVERITIES


def severity_strips(axes: Sequence[str], sheet: Path = SEVERITIES) -> list[tuple[str, str]]:
    """Each axis with a base64 JPEG of its severities 1 to 5; none where the sheet does not fit this version.

    Args:
        axes: Names of perturbation axes.
        sheet: An axis a row, in the registry's order, square views.
    """
    import cv2

    from wam_demo.sim.perturb import AXES

    picture = cv2.imread(str(sheet)) if sheet.is_file() else None
    if picture is None or picture.shape[0] * 5 != picture.shape[1] * len(AXES):
        return []
    side = picture.shape[1] // 5
    rows = ((axis, AXES.index(axis)) for axis in axes if axis in AXES)
    return [(axis, _jpeg(picture[row * side : (row + 1) * side])) for axis, row in rows]


def _jpeg(image: object) -> str:
    import cv2

    return base64.b64encode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()).decode()
