"""The wheel: everything that it needs at run time is inside, wherever it runs."""

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import urllib.request
from contextlib import contextmanager

import pytest

from tests.fakes.waiting import eventually
from wam_demo.config import ROOT

pytestmark = pytest.mark.slow
SOURCES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "wam_demo", "assets", "sim_scenes")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, so that nothing is left in the checkout."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", out, source)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel, beside the libraries of this one but without its checkout."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    pip("--python", python, "install", "--no-deps", wheel)
    (site,) = (folder / "lib").glob("python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


@pytest.fixture
def elsewhere(tmp_path):
    """Runs and starts programs of the environment from an empty folder, with an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("WAM_DEMO", "XDG", "PYTHON"))}
    return {"cwd": tmp_path, "env": {**inherited, "HOME": str(home), "PYTHONUNBUFFERED": "1"}, "text": True}


def pip(*arguments):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *map(str, arguments)]
    subprocess.run(command, check=True, env={**os.environ, "PIP_NO_INDEX": "1"})


@contextmanager
def running(command, where):
    """A program that is stopped at the end of the block."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **where)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def config(bin_, where, name):
    code = f"from wam_demo import config; print(config.{name})"
    answer = subprocess.run([bin_ / "python", "-c", code], capture_output=True, check=True, **where)
    return answer.stdout.strip()


def test_assets_come_with_the_wheel_and_state_goes_to_the_user(installed, elsewhere, tmp_path):
    package = config(installed, elsewhere, "PACKAGE")
    assert package.startswith(str(installed.parent))
    assert config(installed, elsewhere, "ASSETS") == f"{package}/_assets"
    assert config(installed, elsewhere, "STATE") == f"{tmp_path}/home/.local/share/wam_demo"
    elsewhere["env"] |= {"WAM_DEMO_ASSETS": "/somewhere", "WAM_DEMO_STATE": "/kept"}
    assert config(installed, elsewhere, "CHECKPOINTS") == "/somewhere/checkpoints"
    assert config(installed, elsewhere, "STATE") == "/kept"


@pytest.mark.parametrize(("policy", "episodes"), [("expert", 2), ("agra", 1)])
def test_evaluates(installed, elsewhere, tmp_path, policy, episodes):
    arguments = ["--policy", policy, "--task", "reach", "--episodes", str(episodes), "--out", "out"]
    result = subprocess.run([installed / "wam-demo", "eval", *arguments], capture_output=True, **elsewhere)
    assert result.returncode == 0, result.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["n"] == episodes
    assert policy != "expert" or results["successes"] == episodes


def test_the_app_starts(installed, elsewhere):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def answers():
        assert process.poll() is None, process.stdout.read()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as page:
                return b"gradio" in page.read().lower()
        except OSError:
            return False

    with running([installed / "wam-demo", "demo", "--port", str(port)], elsewhere) as process:
        eventually(answers, timeout=180)


def test_serves(installed, elsewhere):
    with running([installed / "wam-demo", "serve", "--policy", "agra", "--port", "0"], elsewhere) as process:
        line = next(text for text in process.stdout if "health at" in text)
        with urllib.request.urlopen(line.split("health at ")[1].strip(), timeout=10) as answer:
            assert answer.read() == b"OK\n"


def test_every_kind_of_file_of_the_page_is_in_the_wheel(installed):
    (package,) = installed.parent.glob("lib/python*/site-packages/wam_demo")
    kinds = {".js", ".css", ".html", ".jinja"}
    source = {p.relative_to(ROOT / "wam_demo") for p in (ROOT / "wam_demo").rglob("*") if p.suffix in kinds}
    assert source <= {p.relative_to(package) for p in package.rglob("*")}
