"""A dataset on its way out: packed into one file, or pushed to the Hub."""

import os
import zipfile
from pathlib import Path
from typing import Any

from wam_demo.data.lerobot import Dataset
from wam_demo.data.schema import CODEBASE_VERSION
from wam_demo.data.uploads.hub import REPOSITORY
from wam_demo.errors import DataError, InvalidInputError

_PARTS = ("data", "meta", "videos")
_CARD = """\
---
task_categories:
- robotics
tags:
- LeRobot
configs:
- config_name: default
  data_files: data/*/*.parquet
---
{episodes} episodes, {frames} frames at {fps:g} Hz of `{robot}`, recorded with wam_demo; LeRobotDataset {version}.
"""


def files_of(root: Path) -> list[Path]:
    """What belongs to the dataset; locks, caches and an episode that is being recorded do not."""
    return sorted(path for part in _PARTS for path in (root / part).rglob("*") if path.is_file())


def pack(root: Path, path: Path) -> None:
    """Write a zip with one folder, named as the dataset; pictures and tables are compressed already."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in files_of(root):
            archive.write(file, f"{root.name}/{file.relative_to(root).as_posix()}")


def hub_token() -> str | None:
    """The server's own token; nobody can hand one in from a page."""
    return os.environ.get("HF_TOKEN") or None


def push(root: Path, repository: str, api: Any = None) -> str:
    """Upload a dataset to the Hub, as a private one unless it exists; returns its address.

    Args:
        root: Folder of the dataset.
        repository: ``owner/name``.
        api: Like ``huggingface_hub.HfApi``; with the server's token by default.

    Raises:
        InvalidInputError: The name is none, or the server has no token.
        DataError: The Hub cannot be reached, or refuses.
    """
    if not REPOSITORY.fullmatch(repository):
        raise InvalidInputError("a repository is called owner/name")
    dataset = Dataset(root)
    card = _CARD.format(
        episodes=dataset.num_episodes,
        frames=dataset.num_frames,
        fps=dataset.fps,
        robot=dataset.robot_type,
        version=CODEBASE_VERSION,
    )
    api, where = api or _own_api(), {"repo_id": repository, "repo_type": "dataset"}
    try:
        api.create_repo(**where, private=True, exist_ok=True)
        api.upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", **where)
        patterns = [f"{part}/**" for part in _PARTS]
        api.upload_folder(folder_path=root, allow_patterns=patterns, delete_patterns=patterns, **where)
        if _is_tagged(api, repository):  # LeRobot looks for the version as a tag, which moves along with the files
            api.delete_tag(**where, tag=CODEBASE_VERSION)
        api.create_tag(**where, tag=CODEBASE_VERSION)
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"the Hub did not take {repository}: {reason}") from error
    return f"https://huggingface.co/datasets/{repository}"


def _own_api() -> Any:
    from huggingface_hub import HfApi

    if (token := hub_token()) is None:
        raise InvalidInputError("this server has no HF_TOKEN: set it where the server is started")
    return HfApi(token=token)


def _is_tagged(api: Any, repository: str) -> bool:
    tags = api.list_repo_refs(repository, repo_type="dataset").tags
    return any(tag.name == CODEBASE_VERSION for tag in tags)
