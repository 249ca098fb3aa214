"""Shared attempts survive a restart, and the oldest make room."""

import pytest

from wam_demo.errors import InvalidInputError
from wam_demo.ui.share.store import Share, ShareStore


def test_a_share_is_there_after_a_restart(tmp_path):
    path = tmp_path / "state" / "shares.sqlite3"
    share = Share("packed", "a line", b"\xff\xd8")
    name = ShareStore(path).keep(share)
    assert ShareStore(path).find(name) == share


def test_the_oldest_make_room(tmp_path):
    store = ShareStore(tmp_path / "shares.sqlite3", kept=2)
    names = [store.keep(Share(str(number), "", b"")) for number in range(4)]
    assert [store.find(name).packed for name in names[2:]] == ["2", "3"]
    with pytest.raises(InvalidInputError, match="not kept here"):
        store.find(names[0])


@pytest.mark.parametrize("name", [None, 7, "", "../etc/passwd", "nobody"])
def test_an_unknown_name_is_one_line(tmp_path, name):
    store = ShareStore(tmp_path / "shares.sqlite3")
    with pytest.raises(InvalidInputError, match="not kept here"):
        store.find(name)
    store.keep(Share("packed", "", b""))
    with pytest.raises(InvalidInputError, match="not kept here"):
        store.find(name)
