"""Only what pyproject.toml cannot say: weights, examples and scenes go into the wheel, beside the code."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FOLDERS = {"assets/checkpoints": "_assets/checkpoints", "assets/examples": "_assets/examples", "sim_scenes": "_scenes"}
"""Folder of the checkout -> folder of the installed package; see `wam_demo/config.py`."""


class BuildWithAssets(build_py):
    """Copies `FOLDERS` too; an editable install reads them from the checkout."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for source, target in FOLDERS.items():
                self.copy_tree(source, str(Path(self.build_lib, "wam_demo", target)))


setup(cmdclass={"build_py": BuildWithAssets})
