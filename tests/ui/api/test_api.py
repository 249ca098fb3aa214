"""Endpoints for programs: described, checked, limited; every snippet of the tab works when it is pasted."""

import base64
import json
import re
import subprocess
import sys
import threading

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from tests.fakes.brain import catalogue
from tests.fakes.policies import FakePolicy
from wam_demo.config import CHECKPOINTS
from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.limits import API_EPISODES
from wam_demo.policies.engine import InferenceEngine
from wam_demo.policies.engines import EngineRegistry
from wam_demo.policies.registry import policy_spec
from wam_demo.policies.shared import SharedPolicy
from wam_demo.sim.world import World
from wam_demo.ui.api import tab as api
from wam_demo.ui.api.calls import ProgramCalls, read_image
from wam_demo.ui.api.connection import ConnectionTest
from wam_demo.ui.api.snippets import PLACE, SNIPPETS
from wam_demo.ui.app import build_app, launch_arguments, open_hub
from wam_demo.ui.shared.catalogue import shipped

WEIGHTS = (CHECKPOINTS / "agra" / "model.safetensors").is_file()
needs_weights = pytest.mark.skipif(not WEIGHTS, reason="needs the shipped weights")


def played(spec, config, load):
    """Episodes that all succeed."""
    (cell,), steps = spec.cells(), base64.b64encode(bytes(30 * 7 * 4)).decode()
    if cell.policy != "expert":
        load(cell.policy, None)
    return [
        EpisodeRecord(*cell.condition, seed, True, True, 30, "success", None, (0.1, 0.0), steps)
        for seed in spec.seeds()
    ]


@pytest.fixture
def engine():
    registry = EngineRegistry(lambda name, checkpoint: FakePolicy())
    yield registry.get
    registry.close()


@pytest.fixture
def calls(engine):
    from dataclasses import replace

    policies = {name: policy_spec(name) for name in ("agra", "hold", "expert")}
    chosen = replace(catalogue(), policies=policies)
    return ProgramCalls(chosen, engine, played)


def test_an_episode_says_how_it_ended(calls):
    result = calls.run_episode("push", "agra", 7)
    assert (result["task"], result["outcome"], result["steps"]) == ("push", "success", 30)
    assert calls.run_episode("push", "expert", 7)["seed"] == result["seed"]
    assert calls.run_episode("push", "hold", 8)["seed"] != result["seed"]


def test_an_evaluation_has_a_rate_and_its_interval(calls):
    result = calls.evaluate("reach", "hold", "light", 2, episodes=4)
    assert (result["n"], result["rate"], result["axis"], result["severity"]) == (4, 1.0, "light", 2)
    assert result["ci95"][0] < result["rate"]
    assert json.dumps(result)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"task": "jump"}, "unknown task 'jump'"),
        ({"policy": "ogra"}, "did you mean 'agra'"),
        ({"policy": "wam"}, "unknown policy"),
        ({"axis": "ligth"}, "did you mean 'light'"),
        ({"axis": "light", "severity": 9}, "severity must be a whole number from 0 to 5"),
        ({"severity": "3"}, "severity must be a whole number"),
        ({"scene": -1}, "scene must be a whole number from 0 to 49"),
        ({"scene": 1.5}, "scene must be a whole number"),
        ({"scene": float("nan")}, "scene must be a whole number"),
        ({"scene": True}, "scene must be a whole number"),
        ({"scene": 10**400}, "scene must be a whole number"),
        ({"instruction": "x" * 600}, "at most 500"),
        ({"task": ["reach"]}, "unknown task"),
    ],
)
def test_what_cannot_be_run_is_named(calls, arguments, words):
    with pytest.raises(InvalidInputError) as caught:
        calls.run_episode(**arguments)
    assert words in str(caught.value)


def test_an_evaluation_has_an_end(calls):
    with pytest.raises(InvalidInputError, match=f"episodes must be a whole number from 1 to {API_EPISODES}"):
        calls.evaluate(episodes=API_EPISODES + 1)


def test_a_plan_on_a_picture(calls, tmp_path):
    Image.fromarray(np.zeros((480, 640, 3), np.uint8)).save(tmp_path / "frame.png")
    plan = calls.predict(str(tmp_path / "frame.png"), "go")
    assert np.shape(plan["actions"]) == (16, 7)
    with pytest.raises(UnknownNameError, match="policy"):
        calls.predict(str(tmp_path / "frame.png"), "go", "expert")
    with pytest.raises(InvalidInputError, match="instruction is empty"):
        calls.predict(str(tmp_path / "frame.png"), " ")
    with pytest.raises(InvalidInputError, match="no picture"):
        calls.predict("", "go")


def test_without_a_policy_that_sees_the_rest_works(calls):
    from dataclasses import replace

    blind = ProgramCalls(replace(catalogue(), policies={"hold": policy_spec("hold")}), None, played)
    assert api.page(blind, ConnectionTest(False))
    with pytest.raises(InvalidInputError, match="no policy"):
        blind.predict("frame.png", "go")


def test_pictures_that_are_none_or_too_large_are_refused_before_they_are_decoded(tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    Image.new("1", (4000, 4000)).save(tmp_path / "bomb.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "film.gif")
    for name in ("text.png", "bomb.png", "film.gif", "missing.png"):
        with pytest.raises(InvalidInputError):
            read_image(str(tmp_path / name))


def test_a_shared_policy_answers_with_the_seeds_it_is_given():
    from tests.fakes.robots import seen

    policy = FakePolicy()
    engine = InferenceEngine(policy)
    assert len(SharedPolicy(engine).predict([seen(), seen()], seeds=[5, 6])) == 2
    assert sorted(policy.seeds) == [5, 6]
    engine.close()


def test_every_argument_is_described(calls):
    for endpoint in api.endpoints(calls):
        assert endpoint["summary"].endswith(".")
        assert endpoint["returns"].endswith(".")
        assert all(a["words"] and a["type"] for a in endpoint["arguments"])


@pytest.fixture(scope="module")
def scene():
    """Number 3 of the scenes that programs can ask for: what its own words name, and another object of it."""
    (seed,) = GridSpec(("expert",), ("pick_place",), ("none",), (3,), episodes=1, seed=3).validated().seeds()
    world = World("pick_place")
    world.draw(seed)
    own = world.assignment
    world.close()
    other = next(body for body in own.candidates if body != own.target)
    return f"put the {own.colours[other]} {own.nouns[other]} into the bowl"


def test_words_of_ones_own_are_judged_by_what_they_say(scene):
    calls = ProgramCalls(shipped())
    assert calls.run_episode("pick_place", "expert", 3, instruction=scene)["outcome"] == "success"
    still = calls.run_episode("pick_place", "hold", 3, instruction=scene)
    assert still["outcome"] == "timeout"
    asked_for_nothing = calls.run_episode("pick_place", "hold", 3, instruction="put the elephant into the bowl")
    assert (asked_for_nothing["outcome"], asked_for_nothing["success"]) == ("unscored", False)
    assert "no elephant here" in asked_for_nothing["fault"]


@pytest.fixture(scope="module")
def url():
    """The shipped app."""
    chosen = shipped()
    hub = open_hub(chosen)
    app = build_app(chosen, hub)
    _, address, _ = app.launch(**launch_arguments(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1"))
    yield address.rstrip("/")
    hub.close()
    app.close(verbose=False)
    from wam_demo.policies.engines import engines

    engines.close()


def test_programs_see_these_endpoints_and_no_others(url):
    named = Client(url, verbose=False).view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(named) == {"/choices", "/run_episode", "/evaluate", "/predict"}
    parameters = {p["parameter_name"]: p for p in named["/run_episode"]["parameters"]}
    assert parameters["scene"]["python_type"]["type"] == "int"
    assert parameters["policy"]["parameter_default"] == ""
    assert "Run one episode" in named["/run_episode"]["description"]


def test_a_refusal_reaches_the_program_as_one_line(url, tmp_path):
    client = Client(url, verbose=False)
    with pytest.raises(Exception, match=r"unknown task 'jump': .*valid: .*pick_place"):
        client.predict(task="jump", policy="hold", api_name="/run_episode")
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(Exception, match="the picture cannot be read; valid: PNG, JPEG, WEBP"):
        client.predict(handle_file(tmp_path / "text.png"), "go", "agra", None, api_name="/predict")
    assert client.predict(api_name="/choices")["tasks"]


def paste(name, url, folder, python=sys.executable):
    """Run a snippet as a person would who pasted it."""
    (snippet,) = [s for s in SNIPPETS if s.name == name]
    text = snippet.text.replace(PLACE, url)
    command = [python, "-c", text] if snippet.language == "python" else ["bash", "-c", text]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


@needs_weights
def test_the_snippet_that_runs_an_episode(url, tmp_path):
    assert re.search(r"success after \d+ steps", paste("episode", url, tmp_path))


@needs_weights
def test_the_snippet_that_evaluates(url, tmp_path):
    assert re.search(r"[12] of 2\n95 % interval 0\.\d\d \.\. [01]\.\d\d", paste("evaluate", url, tmp_path))


@needs_weights
def test_the_snippet_for_curl(url, tmp_path):
    assert '"outcome": "success"' in paste("curl", url, tmp_path)


@needs_weights
def test_the_snippet_that_plans(url, tmp_path):
    lines = paste("predict", url, tmp_path).splitlines()
    assert len([line for line in lines if line.startswith("move ")]) == 16


def test_the_snippet_for_language_models(url):
    pytest.importorskip("mcp")
    import asyncio

    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    (snippet,) = [s for s in SNIPPETS if s.name == "mcp"]
    address = json.loads(snippet.text.replace(PLACE, url))["mcpServers"]["wam-demo"]["url"]

    async def talk():
        async with streamablehttp_client(address) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            tools = (await session.list_tools()).tools
            (choices,) = [tool.name for tool in tools if tool.name.endswith("choices")]
            (predict,) = [tool.name for tool in tools if tool.name.endswith("predict")]
            unreadable = {"image": "data:image/png;base64,bm90IGEgcGljdHVyZQ==", "instruction": "go"}
            return tools, await session.call_tool(choices, {}), await session.call_tool(predict, unreadable)

    found, names = {}, ("tools", "answer", "refusal")
    thread = threading.Thread(target=lambda: found.update(zip(names, asyncio.run(talk()), strict=True)))
    thread.start()  # another test of this process may hold an event loop
    thread.join(60)
    assert {tool.name.split("wam_demo_")[-1] for tool in found["tools"]} >= {"choices", "run_episode", "evaluate"}
    described = {tool.name: tool for tool in found["tools"]}
    (episode,) = [tool for name, tool in described.items() if name.endswith("run_episode")]
    assert "scene" in episode.inputSchema["properties"]
    assert "pick_place" in found["answer"].content[0].text
    assert found["refusal"].isError
    assert "the picture cannot be read; valid: PNG, JPEG, WEBP" in found["refusal"].content[0].text
    assert "\n" not in found["refusal"].content[0].text.strip()
