"""What a visitor can take home from a run: report, episodes, results."""

from __future__ import annotations

import threading

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.evaluate.report.write import VIDEOS_PER_POLICY, write_report
from wam_demo.ui.robustness.lab import Job

TYPES = {"html": "text/html", "csv": "text/csv", "json": "application/json"}
"""Media type by what the page calls the file: report, episodes line by line, everything for machines."""

_writing = threading.Lock()


def download(job: Job, form: str) -> tuple[str, str, bytes]:
    """One file of a run as it stands now.

    Args:
        job: The run.
        form: One of `TYPES`.

    Returns:
        Name for the visitor, media type, content.

    Raises:
        WamDemoError: There is no such file, or nothing has been played yet.
    """
    if form not in TYPES:
        raise UnknownNameError("download", form, TYPES)
    if job.run is None or not job.run.records():
        raise InvalidInputError("nothing has been played yet; wait for the first episodes")
    with _writing:
        written = write_report(job.run.out, videos=VIDEOS_PER_POLICY if form == "html" else 0)
        path = {"html": written.html, "csv": written.episodes_csv, "json": written.json}[form]
        return f"robustness-{job.name[:6]}.{form}", TYPES[form], path.read_bytes()
