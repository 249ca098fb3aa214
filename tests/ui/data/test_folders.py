"""Recordings are everybody's on one's own machine, and each page's own on a public server."""

import os

import pytest

from tests.fakes.shelf import shelf
from wam_demo.errors import InvalidInputError
from wam_demo.ui.data.folders import KEPT_S, RecordingFolders

ONE, TWO = "page-number-one", "page-number-two"


def test_on_ones_own_machine_there_is_one_folder_that_stays(tmp_path):
    folders = RecordingFolders(tmp_path, public=False)
    assert folders.of(ONE) == folders.of(TWO) == tmp_path
    folders.close()
    assert tmp_path.is_dir()


def test_strangers_see_their_own_and_leave_nothing(tmp_path):
    now = 1e9
    folders = RecordingFolders(tmp_path / "r", public=True, now=lambda: now)
    mine, theirs = folders.of(ONE), folders.of(TWO)
    assert mine != theirs
    assert ONE not in str(mine)
    for folder in (mine, theirs):
        shelf(folder / "set", (3,))
        os.utime(folder / "set/meta/info.json", (now, now))
    os.utime(theirs / "set/meta/info.json", (now + 10, now + 10))  # still records
    now += KEPT_S + 5
    folders.of("page-number-three")
    assert (mine.exists(), theirs.exists()) == (False, True)
    folders.close()
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("page", [None, 3, "short", "x" * 65])
def test_a_page_says_who_it_is(tmp_path, page):
    with pytest.raises(InvalidInputError, match="did not say who it is"):
        RecordingFolders(tmp_path, public=True).of(page)


def test_an_edit_that_was_cut_short_is_taken_back_at_the_start(tmp_path):
    shelf(tmp_path / "a", (3,))
    (tmp_path / "a").rename(tmp_path / ".a.before")
    RecordingFolders(tmp_path, public=False)
    assert (tmp_path / "a/meta/info.json").is_file()
