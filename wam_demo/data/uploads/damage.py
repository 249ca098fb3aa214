"""What a library raises about a file, as one line for a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wam_demo.errors import InvalidInputError


@contextmanager
def refused_as(what: str) -> Iterator[None]:
    """Turn whatever is raised into an `InvalidInputError` that begins with ``what``.

    Readers' libraries raise their own errors, and struct's, sqlite's, yaml's, json's and the compressors' too.
    A refusal of our own and `MemoryError` pass as they are.
    """
    try:
        yield
    except (MemoryError, InvalidInputError):
        raise
    except Exception as error:
        text = " ".join(f"{type(error).__name__} {error}".split())[:80]
        raise InvalidInputError(f"{what}: {text}") from None
