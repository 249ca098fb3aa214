"""Datasets on their way out: only what belongs to them, as LeRobot looks for it."""

import zipfile
from types import SimpleNamespace

import pytest

from tests.fakes.shelf import shelf
from wam_demo.data.lerobot import Dataset
from wam_demo.data.publish import files_of, pack, push
from wam_demo.errors import DataError, InvalidInputError


class FakeHub:
    """Remembers what it was asked."""

    def __init__(self, tags=(), fault=None):
        self.asked, self.fault = [], fault
        self._tags = [SimpleNamespace(name=name) for name in tags]

    def list_repo_refs(self, repository, repo_type):
        return SimpleNamespace(tags=self._tags)

    def __getattr__(self, name):
        def call(**given):
            if self.fault is not None:
                raise self.fault
            self.asked.append((name, given))

        return call


def test_a_zip_is_the_dataset_and_nothing_else(tmp_path):
    root = shelf(tmp_path / "a", (4, 3))
    (root / "cache").mkdir()
    (root / "cache/latents.npy").touch()
    pack(root, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "again")
    assert Dataset(tmp_path / "again/a").content_digest() == Dataset(root).content_digest()
    assert {path.parts[-1] for path in files_of(root)} >= {"info.json", "file-000.mp4"}
    assert not (tmp_path / "again/a/cache").exists()


@pytest.mark.parametrize("tags", [(), ("v3.0",)])
def test_a_push_is_private_has_a_card_and_moves_the_tag(tmp_path, tags):
    hub = FakeHub(tags)
    assert push(shelf(tmp_path / "a", (4,)), "me/ruby", hub) == "https://huggingface.co/datasets/me/ruby"
    names = [name for name, _ in hub.asked]
    assert names == ["create_repo", "upload_file", "upload_folder", *(["delete_tag"] if tags else []), "create_tag"]
    assert hub.asked[0][1]["private"]
    assert b"LeRobot" in hub.asked[1][1]["path_or_fileobj"]
    assert hub.asked[-1][1] == {"repo_id": "me/ruby", "repo_type": "dataset", "tag": "v3.0"}


def test_what_the_hub_refuses_is_one_line(tmp_path, monkeypatch):
    root = shelf(tmp_path / "a", (4,))
    with pytest.raises(InvalidInputError, match="owner/name"):
        push(root, "https://evil", FakeHub())
    with pytest.raises(DataError, match="did not take me/ruby: no way here"):
        push(root, "me/ruby", FakeHub(fault=OSError("no way\n here")))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(InvalidInputError, match="no HF_TOKEN"):
        push(root, "me/ruby")
