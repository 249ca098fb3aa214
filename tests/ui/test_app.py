"""The app as a process: what it leaves behind when it is told to end."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = """
import tempfile
from tests.fakes import brain
from wam_demo.ui import app
app.shipped = brain.catalogue
app.warm_up = lambda catalogue: None
app.open_lab = lambda: app.Lab(__import__("pathlib").Path(tempfile.gettempdir()) / "runs")
app.open_matches = lambda catalogue: None
app.launch(port=int(__import__("sys").argv[1]), quiet=True, prevent_thread_lock=False)
"""


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_sigterm_is_a_clean_end_and_leaves_no_recording_behind(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path), "GRADIO_TEMP_DIR": str(tmp_path / "gradio")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", PROGRAM, str(port)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    folders: list[Path] = []
    end = time.monotonic() + 120
    while not (folders and answers(port)) and time.monotonic() < end:
        folders = list(tmp_path.glob("wam-demo-recordings-*"))
        time.sleep(0.1)
    (folder,) = folders
    (folder / "a-visitor").mkdir()
    (folder / "a-visitor" / "clip").write_text("what a visitor has brought")
    time.sleep(1.0)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors[-2000:]
    assert "Traceback" not in errors
    assert not folder.exists()
