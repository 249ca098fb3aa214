"""Every snippet for robots is run as it stands, against a server with the shipped policy: something moves."""

import os
import re
import subprocess
import sys

import pytest

from tests.fakes import openpi_stand_in
from wam_demo.config import CHECKPOINTS, ROOT
from wam_demo.policies.remote.hosting import open_server
from wam_demo.ui.api.snippets import ROBOT_SNIPPETS, SERVER

needs_weights = pytest.mark.skipif(
    not (CHECKPOINTS / "agra" / "model.safetensors").is_file(), reason="needs the shipped weights"
)
TEXTS = {snippet.name: snippet.text for snippet in ROBOT_SNIPPETS}


@pytest.fixture(scope="module")
def server():
    with open_server("agra", None, "127.0.0.1", 0) as opened:
        yield opened


def paste(name, server, folder, python=sys.executable, path=str(ROOT)):
    """Run a snippet as a person would who pasted it; only the port is another one."""
    assert SERVER.endswith(":8000")
    text = re.sub(r"(127\.0\.0\.1:|port=)8000", rf"\g<1>{server.port}", TEXTS[name])
    environment = {**os.environ, "PYTHONPATH": path}
    result = subprocess.run(
        [python, "-c", text], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


@needs_weights
def test_our_own_client_moves_the_simulated_arm_until_it_is_done(server, tmp_path):
    assert re.search(r"\ndone after \d+\.\d s", paste("client", server, tmp_path))


def moved_cm(output):
    """How far the tool was led from where it began, along any axis, from the lines that the snippet prints."""
    begun, *places = [list(map(float, re.findall(r"-?\d+\.?\d*", line)[:3])) for line in output.splitlines()]
    assert len(places) == 4
    return max(abs(a - b) for place in places for a, b in zip(begun, place, strict=True))


@needs_weights
def test_the_snippet_for_openpis_client_leads_the_tool_somewhere(server, tmp_path):
    """With a stand-in for the client, so that the text is run wherever the tests are."""
    folder = openpi_stand_in.install(tmp_path)
    assert moved_cm(paste("openpi", server, tmp_path, path=f"{folder}{os.pathsep}{ROOT}")) > 1.0


@needs_weights
@pytest.mark.slow
@pytest.mark.skipif("OPENPI_CLIENT_PYTHON" not in os.environ, reason="needs an environment with openpi-client")
def test_the_same_with_openpis_client_as_it_is_published(server, tmp_path):
    python = os.environ["OPENPI_CLIENT_PYTHON"]
    assert moved_cm(paste("openpi", server, tmp_path, python, path="")) > 1.0


def test_the_command_that_serves_is_one():
    from wam_demo.cli import _parser

    words = TEXTS["serve"].split()
    assert words[:3] == ["python", "-m", "wam_demo"]
    options = _parser().parse_args(words[3:])
    assert (options.policy, options.port) == ("agra", int(SERVER.rsplit(":", 1)[1]))
