"""The project keeps its own promises: cheap imports, honest pins, a clean tree."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from wam_demo.config import ROOT
from wam_demo.limits import CHECKPOINT_BYTES

HEAVY = ("torch", "mujoco", "gradio", "transformers", "diffusers", "cv2", "pyarrow", "pandas")
OPEN_ENDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.~/])/(work|root|home)/\w")
REGISTRY_HOSTS = re.compile(r"pypi\.(org|python)|pythonhosted|download\.pytorch")


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def pins():
    lines = (ROOT / "requirements.txt").read_text().split()
    return {requirement.name.lower().replace("_", "-"): requirement for requirement in map(Requirement, lines)}


@pytest.mark.parametrize("module", ["wam_demo", "wam_demo.types", "wam_demo.config", "wam_demo.errors", "wam_demo.cli"])
def test_imports_are_cheap(module):
    code = f"import sys, {module}; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_pins_satisfy_the_declared_ranges():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = declared["dependencies"] + declared["optional-dependencies"]["train"]
    pinned = pins()
    for requirement in map(Requirement, wanted):
        (pin,) = pinned[requirement.name.lower()].specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), f"{requirement} against {pin}"


def test_what_is_installed_is_what_is_pinned():
    for name, requirement in pins().items():
        (pin,) = requirement.specifier
        assert Version(metadata.version(name)).public == Version(pin.version).public, name


def test_the_space_runs_what_is_pinned():
    front_matter = (ROOT / "README.md").read_text().split("---")[1]
    settings = dict(re.findall(r"^(\w+): \"?([^\"\n]+)\"?$", front_matter, re.MULTILINE))
    (pin,) = pins()["gradio"].specifier
    assert settings["sdk"] == "gradio"
    assert settings["sdk_version"] == pin.version
    assert (ROOT / settings["app_file"]).is_file()
    minimum = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert Requirement(f"python{minimum}").specifier.contains(settings["python_version"])


def test_links_in_the_documentation_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_no_tracked_file_is_larger_than_a_checkpoint_may_be():
    for path in tracked_files():
        assert path.stat().st_size <= CHECKPOINT_BYTES, path


@pytest.mark.parametrize("pattern", [OPEN_ENDS, MACHINE_PATHS, REGISTRY_HOSTS])
def test_the_tree_holds_no_open_ends_and_nothing_of_one_machine(pattern):
    readable = {".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".js", ".css", ".html", ".json", ".xml", ".cfg", ""}
    for path in tracked_files():
        if path.suffix in readable and path != ROOT / "tests" / "test_project.py":
            found = pattern.search(path.read_text(errors="replace"))
            assert found is None, f"{path.relative_to(ROOT)} says {found.group()!r}"
