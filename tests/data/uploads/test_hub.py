"""Datasets from the Hub, without a network: what is fetched, and what is refused."""

from types import SimpleNamespace

import pytest

from wam_demo.data.uploads.hub import fetch
from wam_demo.errors import InvalidInputError

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

    def dataset_info(self, repository, **_):
        entries = [SimpleNamespace(rfilename=name, size=size) for name, size in self.files.items()]
        return SimpleNamespace(siblings=entries, sha="0123456789abcdef")

    def hf_hub_download(self, repository, name, *, revision, local_dir, **_):
        assert revision == "0123456789abcdef"
        self.fetched.append(name)


def test_only_the_first_files_are_fetched():
    api = Api(FILES)
    fetch("lerobot/pusht", api)
    assert api.fetched == [name for name in FILES if name.startswith("meta/") or "file-000" in name]


@pytest.mark.parametrize("name", ["https://example.org/a/b", "../../etc", "a", "a/b/c", "a/..", "", "/a"])
def test_only_a_repo_id_is_looked_up(name):
    with pytest.raises(InvalidInputError, match="no repo id"):
        fetch(name, Api(FILES))


def test_what_is_too_large_or_no_dataset_is_refused_before_anything_is_fetched():
    for files, message in (({"meta/info.json": 60 * 2**20}, "60 MB"), ({"model.safetensors": 1}, "no LeRobot dataset")):
        api = Api(files)
        with pytest.raises(InvalidInputError, match=message):
            fetch("a/b", api)
        assert api.fetched == []


def test_without_a_network_there_is_one_line():
    class Unreachable(Api):
        def dataset_info(self, repository, **_):
            raise ConnectionError("no route\nto host")

    with pytest.raises(InvalidInputError, match="cannot be had from the Hub: ConnectionError"):
        fetch("a/b", Unreachable(FILES))
