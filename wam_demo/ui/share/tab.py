"""What answers the dialog of a shared attempt: keeps it, makes its clips, opens one that somebody sent."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

import cv2

from wam_demo.errors import InvalidInputError
from wam_demo.runtime.log import AttemptLog
from wam_demo.runtime.logfile import format_log, pack, parse_log, unpack
from wam_demo.types import CONTROL_HZ, Image
from wam_demo.ui.live.words import OUTCOME_WORDS
from wam_demo.ui.share.drawing import draw_frame, draw_pair
from wam_demo.ui.share.film import film
from wam_demo.ui.share.moments import ClipEpisode, ClipRecorder
from wam_demo.ui.share.pairs import PairClip
from wam_demo.ui.share.store import Share, ShareStore
from wam_demo.ui.shared import component
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.component import Answer, Question

MEDIA = {"mp4": "video/mp4", "gif": "image/gif"}
PAIR_WORDS = {
    "twin": "With the disturbance and without it, side by side",
    "both": "Reality and its dream, side by side",
    "dream": "Both cameras, as they were imagined",
}
"""What a `PairClip` shows, for people."""


class Sharing:
    """Finds what a page recorded, and keeps what it shares.

    Args:
        catalogue: What people call the policies, and which tasks there are.
        store: Keeps shared attempts.
    """

    def __init__(self, catalogue: Catalogue, store: ShareStore) -> None:
        self._catalogue, self.store = catalogue, store
        self._recorders: WeakValueDictionary[str, ClipRecorder] = WeakValueDictionary()  # gone with their session

    def recorder(self) -> ClipRecorder:
        """A recorder for a new session, which holds it."""
        recorder = ClipRecorder()
        self._recorders[recorder.name] = recorder
        return recorder

    def responder(self) -> Callable[[Any], Answer]:
        """What answers a page; see `answering`."""
        kinds: Mapping[str, Callable[[Question], Answer]] = {
            "keep": self._keep, "clip": self._clip, "pair": self._pair, "pair_clip": self._pair_clip,
            "open": self._open,
        }  # fmt: skip
        return component.answering(kinds)

    def _keep(self, question: Question) -> Answer:
        """Store an attempt; its name, a line and a picture for the dialog."""
        packed, log = self._log(question)
        share = self._share(packed, log, self._episode(question, log))
        name = self.store.keep(share)
        return {"share": name, "line": share.line, "picture": base64.b64encode(share.picture).decode()}

    def keep(self, log: AttemptLog, recorder: ClipRecorder) -> str:
        """Store an attempt of a session; returns its name.

        Raises:
            WamDemoError: It is too long, or cannot be stored.
        """
        packed = pack(format_log([log], values=False))
        return self.store.keep(self._share(packed, log, recorder.episode(log.task, log.seed)))

    def _share(self, packed: str, log: AttemptLog, episode: ClipEpisode | None) -> Share:
        picture = b"" if episode is None else jpeg(self._poster(episode))
        return Share(packed, told(log, self._label(log.policy)), picture)

    def _clip(self, question: Question) -> Answer:
        """The clip of the attempt that a page shares."""
        _, log = self._log(question)
        episode, kind = self._episode(question, log), str(question.get("format"))
        if episode is None:
            raise InvalidInputError("the pictures of this attempt are not kept any more; share the next one")
        return self._filmed(kind, episode, f"{episode.task}-{episode.policy}-{episode.seed}")

    def _pair(self, question: Question) -> Answer:
        """A line about a page's newest twin or dream, and a picture."""
        clip = self._pair_clip_of(question)
        picture = draw_pair(clip, clip.moments[max(clip.moments)], self._label(clip.policy))
        line = f"{PAIR_WORDS[clip.kind]}: {len(clip.moments) / CONTROL_HZ:.1f} s."
        return {"line": line, "picture": base64.b64encode(jpeg(picture)).decode()}

    def _pair_clip(self, question: Question) -> Answer:
        """The clip of a page's newest twin or dream."""
        clip = self._pair_clip_of(question)
        return self._filmed(str(question.get("format")), clip, f"{clip.kind}-{clip.task}-{clip.policy}")

    def _pair_clip_of(self, question: Question) -> PairClip:
        recorder = self._recorders.get(str(question.get("page")))
        if recorder is None or recorder.pairs.clip is None:
            raise InvalidInputError("there is no twin and no dream to share")
        kept = recorder.pairs.clip
        return replace(kept, moments=dict(kept.moments))  # the session goes on while it is drawn

    def _filmed(self, kind: str, clip: ClipEpisode | PairClip, name: str) -> Answer:
        content = film(kind, clip, self._label(clip.policy))
        file = f"{name}.{kind}".replace("_", "-")
        return {"file": file, "type": MEDIA[kind], "content": base64.b64encode(content).decode()}

    def _open(self, question: Question) -> Answer:
        share = self.store.find(question.get("share"))
        return {"packed": share.packed, "line": share.line}

    def _log(self, question: Question) -> tuple[str, AttemptLog]:
        packed = question.get("packed")
        if not isinstance(packed, str):
            raise InvalidInputError("there is no attempt to share")
        return packed, parse_log(unpack(packed), self._catalogue.tasks)[-1]

    def _episode(self, question: Question, log: AttemptLog) -> ClipEpisode | None:
        recorder = self._recorders.get(str(question.get("page")))
        return None if recorder is None else recorder.episode(log.task, log.seed)

    def _poster(self, episode: ClipEpisode) -> Image:
        """The last moment at which everything was there."""
        moments = [moment for _, moment in sorted(episode.moments.items())]
        whole = [moment for moment in moments if moment.error is not None and len(moment.plan)]
        return draw_frame(episode, (whole or moments)[-1], self._label(episode.policy), verdict=True)

    def _label(self, policy: str) -> str:
        return self._catalogue.labels.get(policy, policy)


def share_function(sharing: Sharing) -> Callable[[Any], Answer]:
    """What the page calls ``server.share``."""
    answer = sharing.responder()

    def share(question: Any) -> Answer:
        return answer(question)

    return share


def told(log: AttemptLog, label: str) -> str:
    """One sentence about an attempt, for a preview."""
    disturbances = len({(event.step, event.kind) for event in log.events})
    count = {0: "undisturbed", 1: "disturbed once"}.get(disturbances, f"disturbed {disturbances} times")
    words = OUTCOME_WORDS.get(log.outcome or "")
    ended = "" if words is None else f" {words} after {len(log.steps) / CONTROL_HZ:.1f} s."
    return f"“{log.instruction}” by {label}, {count}.{ended}"


def jpeg(image: Image) -> bytes:
    """(H, W, 3) uint8 as a file."""
    return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
