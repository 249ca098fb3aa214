"""What a page learns about a match before its vote, and that every bad question is one line."""

from dataclasses import replace

import pytest

from tests.fakes.blind import match
from tests.fakes.brain import catalogue
from tests.fakes.filmed import until
from wam_demo.errors import PolicyFault
from wam_demo.evaluate.blind.match import Pairing
from wam_demo.evaluate.blind.votes import VoteStore
from wam_demo.policies.registry import policy_spec
from wam_demo.ui.blind import tab
from wam_demo.ui.blind.matches import BlindMatches
from wam_demo.ui.blind.standing import WEIGHTS_S, Standings
from wam_demo.ui.blind.tab import open_matches, responder, script
from wam_demo.ui.shared.reference import ReferenceGrid


@pytest.fixture
def answer(tmp_path):
    store = VoteStore(tmp_path / "votes.sqlite3")
    room = BlindMatches(lambda number: match(number), store)
    yield responder(room, Standings(store, lambda: {"steer": "", "hold": ""}))
    room.close()


def shown(answer, page: str = "p") -> dict:
    """What the page is told once its match is there."""
    until(lambda: answer({"kind": "look", "page": page})["match"])
    return answer({"kind": "look", "page": page})["match"]


def test_before_the_vote_neither_policies_nor_outcomes_are_told(answer):
    told = shown(answer)
    assert set(told) == {"name", "instruction", "axis", "severity"}
    assert not {"steer", "hold"} & set(str(told).split("'"))


def test_the_vote_reveals_and_counts(answer):
    name = shown(answer)["name"]
    revealed = answer({"kind": "vote", "page": "p", "match": name, "choice": "left"})
    assert revealed["sides"]["left"]["policy"] == "steer"
    assert revealed["standing"]["scores"][0]["policy"] == "steer"
    assert revealed["standing"]["pairs"][0]["n"] == 1
    assert revealed["standing"]["voters"] == [1]
    assert "already" in answer({"kind": "vote", "page": "p", "match": name, "choice": "tie"})["error"]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (None, "a question is an object"),
        ({"kind": "drop"}, "unknown question 'drop'"),
        ({"kind": ["look"]}, "unknown question"),
        ({"kind": "look"}, "no name"),
        ({"kind": "look", "page": "x" * 100}, "no name"),
        ({"kind": "video", "page": "p", "match": ["m"], "side": {}}, "over"),
        ({"kind": "vote", "page": "p", "match": "m", "choice": 3}, "unknown vote '3'"),
    ],
)
def test_a_bad_question_is_one_line(answer, question, text):
    error = answer(question)["error"]
    assert text in error
    assert "\n" not in error
    assert shown(answer)["axis"] == "light"


def test_the_script_knows_the_labels():
    assert '"steer": "Steer"' in script(catalogue())


def test_without_two_policies_there_is_no_room(tmp_path):
    assert open_matches(catalogue(), tmp_path / "votes.sqlite3") is None  # steer and hold, and hold is left out


def test_votes_that_cannot_be_kept_last_until_the_app_stops(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    offered = replace(catalogue(), policies={name: policy_spec(name) for name in ("expert", "wam")})
    room = open_matches(offered, tmp_path / "file" / "votes.sqlite3")
    try:
        room.store.keep("m", match())
        room.vote("p", "m", "left")
        assert room.store.tallies({"steer": "", "hold": ""})[0].n == 1
        assert "cannot keep votes" in caplog.text
    finally:
        room.close()


def test_weights_behind_a_server_are_looked_up_anew_and_their_votes_told_apart(tmp_path):
    store, weights, time = VoteStore(tmp_path / "votes.sqlite3"), {"steer": "", "hold": ""}, [0.0]
    store.keep("m", match())
    store.add("m", "left")
    standings = Standings(store, lambda: dict(weights), lambda: time[0])
    assert standings.newest()["pairs"][0]["n"] == 1
    weights["steer"] = "new"
    time[0] = WEIGHTS_S + 1
    assert standings.newest()["pairs"] == []


def test_the_shipped_grid_informs_the_draw_and_a_silent_server_does_not_stop_it(tmp_path, monkeypatch):
    def digest(name):
        if name == "remote":
            raise PolicyFault("nobody answers")
        return {"a": "1", "b": "2"}[name]

    monkeypatch.setattr(tab, "checkpoint_digest", digest)
    episodes = [{"policy": "a", "axis": "light", "severity": 3, "success": True}] * 8
    lost = [{"policy": "b", "axis": "light", "severity": 3, "success": False}] * 8
    grid = ReferenceGrid("reach", {"a": "1", "b": "2"}, [*episodes, *lost])
    store, policies = VoteStore(tmp_path / "votes.sqlite3"), ["a", "b", "remote"]
    pairing = Pairing("a", "b", "reach", 1, "light", 3)
    informed = tab.information(store, grid, policies).worth(pairing)
    assert informed > tab.information(store, None, policies).worth(pairing)
    stale = ReferenceGrid("reach", {"a": "other", "b": "other"}, grid.episodes)
    assert tab.information(store, stale, policies).worth(pairing) < informed
