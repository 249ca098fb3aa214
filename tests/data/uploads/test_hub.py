"""Datasets from the Hub, without a network: what is fetched, and what is refused."""

import os
import time
from types import SimpleNamespace

import pytest

from wam_demo.data.uploads.hub import fetch
from wam_demo.errors import InvalidInputError
from wam_demo.limits import HUB_CACHE_BYTES

FILES = {
    "meta/info.json": 900,
    "meta/episodes/chunk-000/file-000.parquet": 900,
    "data/chunk-000/file-000.parquet": 9000,
    "data/chunk-000/file-001.parquet": 10**9,
    "videos/observation.images.top/chunk-000/file-000.mp4": 9000,
    "README.md": 10,
}


class Api:
    def __init__(self, files):
        self.files, self.fetched = files, []

    def dataset_info(self, repository, *, token, **_):
        assert token is False  # the operator's own must not open private datasets
        entries = [SimpleNamespace(rfilename=name, size=size) for name, size in self.files.items()]
        return SimpleNamespace(siblings=entries, sha="0123456789abcdef")

    def hf_hub_download(self, repository, name, *, revision, local_dir, token, **_):
        assert revision == "0123456789abcdef"
        assert token is False
        (local_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (local_dir / name).write_bytes(b"x")
        self.fetched.append(name)


def test_only_the_first_files_are_fetched(tmp_path):
    api = Api(FILES)
    fetch("lerobot/pusht", api=api, cache=tmp_path)
    assert api.fetched == [name for name in FILES if name.startswith("meta/") or "file-000" in name]


@pytest.mark.parametrize("name", ["https://example.org/a/b", "../../etc", "a", "a/b/c", "a/..", "", "/a"])
def test_only_a_repo_id_is_looked_up(name):
    with pytest.raises(InvalidInputError, match="no repo id"):
        fetch(name, api=Api(FILES))


def test_what_is_too_large_or_no_dataset_is_refused_before_anything_is_fetched():
    for files, message in (({"meta/info.json": 60 * 2**20}, "60 MB"), ({"model.safetensors": 1}, "no LeRobot dataset")):
        api = Api(files)
        with pytest.raises(InvalidInputError, match=message):
            fetch("a/b", api=api)
        assert api.fetched == []


def test_without_a_network_there_is_one_line():
    class Unreachable(Api):
        def dataset_info(self, repository, **_):
            raise ConnectionError("no route\nto host")

    with pytest.raises(InvalidInputError, match="cannot be had from the Hub: ConnectionError"):
        fetch("a/b", api=Unreachable(FILES))


def test_the_clients_own_token_is_not_used(monkeypatch):
    import huggingface_hub

    made = []
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda **options: made.append(options) or Api({}))
    with pytest.raises(InvalidInputError, match="no LeRobot dataset"):
        fetch("owner/private")
    assert made == [{"token": False}]


def kept(cache, name, megabytes, age_s):
    """A dataset in the cache that was used some time ago."""
    (cache / name).mkdir()
    with (cache / name / "data").open("wb") as file:
        file.truncate(megabytes * 2**20)
    os.utime(cache / name, (time.time() - age_s,) * 2)


def test_fetched_datasets_are_evicted_by_age_and_size(tmp_path):
    half = HUB_CACHE_BYTES // 2**21
    kept(tmp_path, "two days ago", 1, 2 * 86_400)
    kept(tmp_path, "three hours ago", half, 3 * 3600)
    kept(tmp_path, "an hour ago", half - 1, 3600)
    folder = fetch("a/b", api=Api({"meta/info.json": 2 * 2**20}), cache=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"an hour ago", folder.name}
    again = fetch("a/b", api=Api({"meta/info.json": 2 * 2**20}), cache=tmp_path)
    assert again == folder
    assert again.is_dir()
