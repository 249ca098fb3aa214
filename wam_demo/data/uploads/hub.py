"""Public LeRobot datasets from the Hub by repo id: only what the first episodes need, in a folder of bounded size."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from wam_demo.data.uploads.gate import FETCHES
from wam_demo.errors import InvalidInputError
from wam_demo.limits import HUB_CACHE_AGE_S, HUB_CACHE_BYTES, UPLOAD_BYTES

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
"""A repo id; never a URL."""
_FIRST_FILES = re.compile(r"(data|videos)/.*(episode_000000|chunk-000/file-000)\.(parquet|mp4)")
_TIMEOUT_S = 15.0


def fetch(repository: str, visitor: str = "", api: Any = None, cache: Path | None = None) -> Path:
    """Download the metadata and the first files of a dataset; later episodes are not in them.

    Args:
        repository: ``owner/name``; private ones are not found, whoever's token this machine holds.
        visitor: For whom, see `ReaderGate.turn`.
        api: A `huggingface_hub.HfApi`; made when ``None``.
        cache: Folder of the fetched datasets; one of this user's below the temporary folder when ``None``.

    Returns:
        The dataset's folder in the cache, without links.

    Raises:
        InvalidInputError: The id is malformed, the Hub cannot be reached, there is no such public dataset,
            or its first files exceed the upload limit.
    """
    if not REPOSITORY.fullmatch(repository):
        raise InvalidInputError(f"{repository[:80]!r} is no repo id; write owner/name")
    from huggingface_hub import HfApi

    api = api or HfApi(token=False)
    cache = cache or Path(tempfile.gettempdir()) / f"wam-demo-hub-{os.getuid()}"
    with FETCHES.turn(visitor):
        try:
            info = api.dataset_info(repository, files_metadata=True, timeout=_TIMEOUT_S, token=False)
            sizes = {entry.rfilename: int(entry.size or 0) for entry in info.siblings}
            wanted = [name for name in sizes if name.startswith("meta/") or _FIRST_FILES.fullmatch(name)]
            _check(repository, sizes, wanted)
            folder = cache / f"{repository.replace('/', '--')}-{str(info.sha)[:12]}"
            _evict(cache, keep=folder, room=sum(sizes[name] for name in wanted))
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.utime(folder)
            for name in wanted:
                api.hf_hub_download(
                    repository, name, repo_type="dataset", revision=info.sha, local_dir=folder, token=False
                )
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


def _evict(cache: Path, keep: Path, room: int) -> None:
    """Remove datasets that were not asked for in a day, and the longest unused until ``room`` more bytes fit."""
    others = [folder for folder in cache.glob("*") if folder != keep] if cache.is_dir() else []
    used = {folder: folder.stat().st_mtime for folder in others}
    sizes = {folder: sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) for folder in others}
    for folder in sorted(others, key=used.__getitem__):
        if used[folder] < time.time() - HUB_CACHE_AGE_S or sum(sizes.values()) + room > HUB_CACHE_BYTES:
            shutil.rmtree(folder, ignore_errors=True)
            del sizes[folder]
