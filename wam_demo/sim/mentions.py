"""Which things an instruction speaks of: colours and nouns, in the words of `wam_demo.sim.language`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from wam_demo.sim.colours import COLOURS, CONFOUNDER_COLOURS
from wam_demo.sim.language import HELD_OUT, SYNONYMS


def group(words: str) -> frozenset[str]:
    """A set of words, written with blanks between them."""
    return frozenset(words.split(" "))


_OTHER_COLOURS = (*CONFOUNDER_COLOURS, "brown", "white", "grey", "gray", "black", "violet", "cyan", "silver")
_COLOUR_WORDS: Mapping[str, str] = {
    **{word: word for word in _OTHER_COLOURS},
    **{word: concept for concept in COLOURS for word in (*SYNONYMS[concept], *HELD_OUT[concept])},
}
_NOUN_WORDS: Mapping[str, str] = {
    word: concept for concept in SYNONYMS if concept not in COLOURS for word in (*SYNONYMS[concept], *HELD_OUT[concept])
}
_DETERMINERS = group("the a an that this these those my your its some any every each all both two three")
_QUALITIES = group("big small little large good nice other same round square long last first next only")
_VERBS = group(
    "put place pick move drop grab take lift bring push slide shove nudge press hit tap stack set open pull reach"
    " touch get give hold throw fetch stow transfer deposit want into in onto on to up down"
)
_SCENERY = group(
    "table hand gripper finger fingers fingertips robot arm top side handle left right middle centre center camera"
    " cabinet machine tower poke music coffee morning way time air end front back rest ground floor edge"
)
_NEGATIONS = group("not never no except without don't dont nor leave")
_LEFT_ALONE = group("stays stay alone")
_IS = group("that which is looks coloured colored")
_LEAST_TYPO = 0.8
"""Likeness above which an unknown word is taken for a mistyped known one of four letters or more."""


@dataclass(frozen=True)
class Mention:
    """One thing that is spoken of.

    Attributes:
        noun: Concept, ``object`` for any; the word itself when no scene has such a thing.
        colour: Concept, or the word itself when no object has that colour; empty without one.
        known: Whether `noun` is a concept.
    """

    noun: str
    colour: str = ""
    known: bool = True

    def __str__(self) -> str:
        return f"{self.colour} {self.noun}".strip()


def words_of(text: str) -> list[str]:
    """Lower-case words and the punctuation that ends a clause."""
    return re.findall(r"[a-z]+(?:[-'][a-z]+)*|[,:;.?!]", text.lower().replace("’", "'"))


def mentions(words: Sequence[str]) -> list[Mention]:
    """The things that are asked about, in their order; without those that are to be left alone.

    Args:
        words: From `words_of`.
    """
    found: list[Mention] = []
    i, negated = 0, False
    while i < len(words):
        mention, end = _mention(words, i)
        if mention is None:
            negated = words[i] not in ",:;.?!" and (negated or words[i] in _NEGATIONS)
            i += 1
            continue
        again = words[i] == "one" and bool(found)  # "the blue tube is the one I mean"
        apart = again or (
            negated and mention.noun not in ("bowl", "zone")
        )  # "not in the bowl yet" still speaks of the bowl
        if not apart and not (end < len(words) and words[end] in _LEFT_ALONE):
            found.append(mention)
        i, negated = end, False
    return found


def _mention(words: Sequence[str], i: int) -> tuple[Mention | None, int]:
    """The thing that is named at word ``i``, and the word after it."""
    before = words[i - 1] if i else ""
    if words[i] == "can" and i + 1 < len(words) and words[i + 1] in ("you", "we", "i"):
        return None, i
    described = i + 1 < len(words) and words[i + 1] in _NOUN_WORDS
    colour = _known(words[i], _COLOUR_WORDS, before if described or len(words[i]) > 3 else "")
    if colour:
        noun = _known(words[i + 1], _NOUN_WORDS, "the") if i + 1 < len(words) else ""
        if noun:
            return Mention(noun, colour), i + 2
        if i + 1 < len(words) and _is_stranger(words[i + 1], words[i]):
            return Mention(words[i + 1], colour, known=False), i + 2
        return Mention("object", colour), i + 1
    noun = _known(words[i], _NOUN_WORDS, before if len(words[i]) > 3 else "")
    if noun:
        if before == "other" or (words[i] == "square" and i + 1 < len(words) and words[i + 1] in _NOUN_WORDS):
            return None, i
        return _described_after(Mention(noun), words, i + 1)
    if _is_stranger(words[i], before):
        return Mention(words[i], known=False), i + 1
    return None, i


def _described_after(mention: Mention, words: Sequence[str], i: int) -> tuple[Mention, int]:
    """``the cube that is red``: a colour that follows its noun."""
    end = i
    while end < len(words) and words[end] in _IS:
        end += 1
    colour = _COLOUR_WORDS.get(words[end], "") if i < end < len(words) else ""
    return (replace(mention, colour=colour), end + 1) if colour else (mention, i)


def _known(word: str, concepts: Mapping[str, str], before: str) -> str:
    """The concept of a word, its plural, or its mistyped form where a thing is named; empty without one."""
    for form in (word, word.removesuffix("s")):
        if form in concepts:
            return concepts[form]
    named = before in _DETERMINERS or before in _COLOUR_WORDS
    if not named or len(word) < 3 or word in _SCENERY or word in _QUALITIES:
        return ""
    like, best = max((SequenceMatcher(None, word, known).ratio(), known) for known in concepts if len(known) > 3)
    return concepts[best] if like > _LEAST_TYPO else ""


def _is_stranger(word: str, before: str) -> bool:
    """Whether a word names something that no scene has: it stands where a thing is named."""
    place = before in _DETERMINERS or before in _VERBS or before in _COLOUR_WORDS or before in _QUALITIES
    known = (_DETERMINERS, _QUALITIES, _VERBS, _SCENERY, _NEGATIONS, _IS, _FUNCTION_WORDS, _LEFT_ALONE)
    return place and word.isalpha() and not any(word in group for group in known)


_FUNCTION_WORDS = group(
    "it them him her me us you i we he she they and or then now please just so there here above below over under"
    " inside outside within of at by for with from out off away towards toward across straight slowly carefully"
    " quickly gently back open closed shut pressed one belongs goes go come comes should would could is are was"
    " be been has have had see like yet why what where which who how whichever while until before after if"
    " upon atop about near behind beside between stop wait end ends up down kindly missing better look standing lying"
    " wants needs starts stay touching pushing lifting something anything nothing everything somebody fall let make"
    " upwards outwards once again alone"
)
