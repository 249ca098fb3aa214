"""Votes survive a restart, count once, belong to their weights, and may come from anywhere at once."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from tests.fakes.blind import match
from wam_demo.errors import DataError, InvalidInputError, UnknownNameError
from wam_demo.evaluate.blind.votes import Tally, VoteStore

WEIGHTS = {"steer": "", "hold": ""}


@pytest.fixture
def store(tmp_path) -> VoteStore:
    return VoteStore(tmp_path / "deeper" / "votes.sqlite3")


def test_a_vote_is_there_after_a_restart(store):
    store.keep("m1", match())
    store.add("m1", "left")
    again = VoteStore(store.path)
    assert again.tallies(WEIGHTS) == [Tally("hold", "steer", second_wins=1)]
    assert again.matches == 1
    assert again.revealed("m1")["sides"]["left"] == {"policy": "steer", "success": True, "steps": 30}


def test_sides_do_not_matter_for_the_count(store):
    store.keep("m1", match(left="steer", right="hold"))
    store.keep("m2", match(left="hold", right="steer"))
    store.keep("m3", match())
    store.keep("m4", match())
    for name, choice in (("m1", "left"), ("m2", "right"), ("m3", "tie"), ("m4", "neither")):
        store.add(name, choice)
    (tally,) = store.tallies(WEIGHTS)
    assert tally == Tally("hold", "steer", 0, 2, 1, 1)
    assert tally.n == 4


def test_a_match_has_one_vote(store):
    store.keep("m1", match())
    store.add("m1", "left")
    with pytest.raises(InvalidInputError, match="already"):
        store.add("m1", "right")
    assert store.tallies(WEIGHTS)[0].first_wins == 0


def test_bad_votes_are_refused_and_count_nothing(store):
    store.keep("m1", match())
    with pytest.raises(UnknownNameError, match="'left'"):
        store.add("m1", "lef")
    with pytest.raises(InvalidInputError, match="not known"):
        store.add("'; DROP TABLE votes; --", "left")
    with pytest.raises(InvalidInputError, match="no vote yet"):
        store.revealed("m1")
    assert store.tallies(WEIGHTS) == []


def test_votes_on_other_weights_are_votes_on_another_policy(store):
    played = match()
    store.keep("old", replace(played, left=replace(played.left, checkpoint_sha256="old")))
    store.add("old", "left")
    assert store.tallies(WEIGHTS) == []
    assert store.tallies({**WEIGHTS, "steer": "old"})[0].n == 1


def test_many_threads_vote_at_once(store):
    for k in range(40):
        store.keep(f"m{k}", match(k))
    threads = [threading.Thread(target=store.add, args=(f"m{k}", "left")) for k in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.tallies(WEIGHTS)[0].second_wins == 40


def test_a_vote_is_on_disk_when_the_process_is_killed(store):
    store.keep("m1", match())
    code = (
        "import os, sys; from pathlib import Path; from wam_demo.evaluate.blind.votes import VoteStore;"
        "VoteStore(Path(sys.argv[1])).add('m1', 'tie'); os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(store.path)], check=False)
    assert ended.returncode == -9
    assert store.tallies(WEIGHTS)[0].ties == 1


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot keep votes"):
        VoteStore(tmp_path / "file" / "votes.sqlite3")
    (tmp_path / "text.sqlite3").write_text("this is no database, but long enough to be looked at" * 20)
    with pytest.raises(DataError, match="cannot keep votes"):
        VoteStore(tmp_path / "text.sqlite3")


def test_voters_are_told_apart_and_only_those_on_these_weights_count(store):
    played = match()
    for name, voter in (("m1", "ann"), ("m2", "ann"), ("m3", "bo"), ("m4", "")):
        store.keep(name, match())
        store.add(name, "left", voter)
    store.keep("old", replace(played, left=replace(played.left, checkpoint_sha256="old")))
    store.add("old", "left", "cy")
    assert store.voters(WEIGHTS) == [2, 1, 1]


def test_every_episode_of_these_weights_is_known_voted_on_or_not(store):
    store.keep("m1", match())
    played = match()
    store.keep("old", replace(played, left=replace(played.left, checkpoint_sha256="old")))
    assert sorted(store.played(WEIGHTS)) == [("hold", "light", 3, False)] * 2 + [("steer", "light", 3, True)]


def test_a_database_from_before_voters_were_told_apart_goes_on(tmp_path):
    path = tmp_path / "votes.sqlite3"
    VoteStore(path).keep("m1", match())
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("ALTER TABLE votes DROP COLUMN voter; INSERT INTO votes VALUES ('m1', 0, 'left');")
    store = VoteStore(path)
    store.keep("m2", match())
    store.add("m2", "right", "ann")
    assert store.voters(WEIGHTS) == [1, 1]
