"""The bytes of an event as text: whatever they are, and however many."""

import codecs
import unicodedata


def as_text(value: bytes, size: int) -> str:
    """The first bytes of an event of so many, as UTF-8 with replacement characters.

    A character that the cut has halved is left out: it was whole when it arrived.
    """
    return codecs.getincrementaldecoder("utf-8")("replace").decode(value, final=len(value) >= size)


def visible(text: str) -> str:
    """With what has no shape of its own, or turns the direction of writing, by its number."""
    return "".join(each if _has_shape(each) else f"⟨U+{ord(each):04X}⟩" for each in text)


def _has_shape(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Zl", "Zp")
