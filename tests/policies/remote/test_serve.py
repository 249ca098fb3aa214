"""The command ``serve``, and evaluation and app over the policy ``remote``."""

import json
import signal
import subprocess
import sys
import threading
import urllib.request

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.fakes.gated_family import GatedPolicy
from tests.fakes.robots import seen
from tests.fakes.waiting import eventually
from tests.policies.test_panels import assert_equal_panels
from wam_demo.cli import main
from wam_demo.config import ROOT
from wam_demo.errors import InvalidInputError
from wam_demo.policies.remote import settings
from wam_demo.policies.remote.client import RemoteConfig, RemotePolicy
from wam_demo.policies.remote.hosting import open_server


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch):
    for name in (settings.SERVER_VARIABLE, settings.TOKEN_VARIABLE, settings.CONVENTION_VARIABLE):
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--policy", "expert"], "reads the simulator: it cannot be served"),
        (["--policy", "ogra"], "did you mean 'agra'"),
        (["--policy", "remote"], "needs the address of its server"),
        (["--policy", "hold", "--port", "70000"], "whole number in 0 .. 65535"),
        (["--policy", "hold", "--host", "0.0.0.0"], "needs a token"),
        (["--policy", "hold", "--host", "no.such.host.invalid"], "needs a token"),
        (["--policy", "wam", "--checkpoint", "nowhere"], "no checkpoint at nowhere"),
    ],
)
def test_what_cannot_be_served_is_one_line(arguments, words, capsys):
    assert main(["serve", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert "\n" not in error


def test_a_policy_is_served_until_the_end_of_the_block(monkeypatch):
    monkeypatch.setenv(settings.TOKEN_VARIABLE, "t")
    with open_server("hold", None, "127.0.0.1", 0) as server:
        policy = RemotePolicy(RemoteConfig(server.url, "t"))
        assert (policy.metadata["policy"], policy.checkpoint_sha256) == ("hold", None)
        policy.close()
    assert "policy-server" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_command_and_every_robot_is_told(ending):
    command = [sys.executable, "-m", "wam_demo", "serve", "--policy", "hold", "--port", "0"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a background job starts its children with the signal ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    line = process.stdout.readline()
    assert line.startswith("hold answers at ws://127.0.0.1:")
    with urllib.request.urlopen(line.split("health at ")[1].strip(), timeout=5) as answer:
        assert answer.read() == b"OK\n"
    with connect(line.split("answers at ")[1].split(",")[0], proxy=None) as robot:
        robot.recv(timeout=5)
        process.send_signal(ending)
        with pytest.raises(ConnectionClosed) as goodbye:
            robot.recv(timeout=10)
    assert goodbye.value.rcvd.code == 1001  # going away
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors.strip()) == (130, "interrupted")


def test_an_evaluation_drives_a_server(tmp_path):
    with open_server("hold", None, "127.0.0.1", 0) as server:
        command = ["eval", "--policy", "remote", "--server", server.url, "--task", "reach", "--episodes", "1"]
        assert main([*command, "--processes", "1", "--execute", "16", "--out", str(tmp_path)]) == 0
        eventually(lambda: server.clients == 0)
    result = json.loads((tmp_path / "results.json").read_text())
    assert (result["policy"], result["n"], result["episodes"][0]["outcome"]) == ("remote", 1, "timeout")


def test_the_app_offers_the_server_that_its_operator_has_named(monkeypatch):
    from wam_demo.policies.engines import engines
    from wam_demo.sim.world import World
    from wam_demo.ui.shared.catalogue import shipped

    assert "remote" not in shipped().policies
    monkeypatch.setenv(settings.SERVER_VARIABLE, "http://10.0.0.1")
    with pytest.raises(InvalidInputError, match="not the address of a policy server"):
        list(shipped().policies)
    with open_server("hold", None, "127.0.0.1", 0) as server:
        monkeypatch.setenv(settings.SERVER_VARIABLE, server.url)
        catalogue = shipped()
        assert catalogue.policies["remote"].label == "Policy server"
        world = World("reach")
        planner = catalogue.backend.open_planner("remote", world)
        assert planner.imagine is None
        assert planner.submit(world.reset(0)).result(10).chunk.actions.shape == (16, 7)
        world.close()
        engines.close()


def test_a_family_that_nobody_has_heard_of_is_served_with_all_its_panels():
    with open_server("gated", None, "127.0.0.1", 0) as server:
        policy = RemotePolicy(RemoteConfig(server.url))
        assert policy.metadata["policy"] == "gated"
        observation = seen()
        (answer,) = policy.predict([observation], [11])
        (expected,) = GatedPolicy().predict([observation], [11])
        policy.close()
    np.testing.assert_array_equal(answer.chunk.actions, expected.chunk.actions)
    np.testing.assert_equal(dict(answer.attention), dict(expected.attention))
    assert answer.attention_mass == expected.attention_mass
    assert list(answer.panels) == list(expected.panels)
    assert_equal_panels(answer.panels, expected.panels)
