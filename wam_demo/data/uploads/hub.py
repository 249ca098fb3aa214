"""LeRobot datasets from the Hub by repo id: only what the first episodes need, within the upload limit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from wam_demo.errors import InvalidInputError
from wam_demo.limits import UPLOAD_BYTES

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
"""A repo id; never a URL."""
_FIRST_FILES = re.compile(r"(data|videos)/.*(episode_000000|chunk-000/file-000)\.(parquet|mp4)")
_TIMEOUT_S = 15.0


def fetch(repository: str, api: Any = None) -> Path:
    """Download the metadata and the first files of a dataset; later episodes are not in them.

    Args:
        repository: ``owner/name``.
        api: A `huggingface_hub.HfApi`; made when ``None``.

    Returns:
        Folder in the Hub's local cache, without links.

    Raises:
        InvalidInputError: The id is malformed, the Hub cannot be reached, there is no such dataset,
            or its first files exceed the upload limit.
    """
    if not REPOSITORY.fullmatch(repository):
        raise InvalidInputError(f"{repository[:80]!r} is no repo id; write owner/name")
    from huggingface_hub import HfApi

    api = api or HfApi()
    try:
        found = api.dataset_info(repository, files_metadata=True, timeout=_TIMEOUT_S)
        sizes = {entry.rfilename: int(entry.size or 0) for entry in found.siblings}
        wanted = [name for name in sizes if name.startswith("meta/") or _FIRST_FILES.fullmatch(name)]
        _check(repository, sizes, wanted)
        folder = _folder(repository, str(found.sha))
        for name in wanted:
            api.hf_hub_download(repository, name, repo_type="dataset", revision=found.sha, local_dir=folder)
    except InvalidInputError:
        raise
    except Exception as error:  # the client raises its own, httpx's and the operating system's
        reason = type(error).__name__
        raise InvalidInputError(f"the dataset {repository!r} cannot be had from the Hub: {reason}") from None
    return folder


def _check(repository: str, sizes: dict[str, int], wanted: list[str]) -> None:
    if "meta/info.json" not in sizes:
        raise InvalidInputError(f"the dataset {repository!r} is no LeRobot dataset: it has no meta/info.json")
    total = sum(sizes[name] for name in wanted)
    if total > UPLOAD_BYTES:
        raise InvalidInputError(
            f"the first files of {repository!r} have {total >> 20} MB, more than {UPLOAD_BYTES >> 20} MB"
        )


def _folder(repository: str, revision: str) -> Path:
    import tempfile

    name = f"{repository.replace('/', '--')}-{revision[:12]}"
    return Path(tempfile.gettempdir()) / "wam-demo-hub" / name
