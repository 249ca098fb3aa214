"""Stands for the command ``tune``: it reports, can be stopped, and leaves a folder that counts as weights.

python -m tests.fakes.tuner FOLDER tune --name NAME --out RUN ...   (a name that begins with ``bad`` fails)
"""

import json
import sys
import time
from pathlib import Path

from wam_demo.runfolder import is_asked_to_stop, report


def main(folder: Path, given: dict[str, str]) -> int:
    out, name = Path(given["--out"]), given["--name"]
    report(out, "collecting")
    if name.startswith("bad"):
        print("error: the recordings are of another robot", file=sys.stderr)
        return 2
    step = 0
    while not is_asked_to_stop(out):
        report(out, "learning", share=min(0.9, step / 1000), step=step, loss=1 / (1 + step))
        step += 10
        time.sleep(0.02)
    weights = folder / name
    weights.mkdir(parents=True)
    (weights / "model.safetensors").touch()
    trained = {"parent": given["--policy"], "episodes": given["--episodes"].count(",") + 1, "tasks": ["reach"]}
    (weights / "config.json").write_text(json.dumps({"trained": trained}))
    errors = {"before": {"recorded": 8.0, "rehearsed": 0.5}, "after": {"recorded": 2.0, "rehearsed": 0.6}}
    (out / "results.json").write_text(json.dumps({"plan_error_cm": errors, "steps": step}))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), dict(zip(sys.argv[3::2], sys.argv[4::2], strict=True))))
