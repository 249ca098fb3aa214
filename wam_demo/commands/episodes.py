"""Episodes of a dataset as they are named on the command line."""

import argparse


def episode_numbers(text: str) -> list[int]:
    """Type of numbers and ranges separated by commas, each at most once, e.g. ``0-9,12``."""
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or not (last or first).isdecimal() or int(last or first) < int(first):
            raise argparse.ArgumentTypeError(f"{text[:60]!r} does not name episodes; valid is like 0-9,12")
        numbers += range(int(first), int(last or first) + 1)
    return list(dict.fromkeys(numbers))
