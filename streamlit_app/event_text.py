"""The bytes of an event as text: whatever they are, and however many."""

import codecs


def as_text(value: bytes, size: int) -> str:
    """The first bytes of an event of so many, as UTF-8 with replacement characters.

    A character that the cut has halved is left out: it was whole when it arrived.
    """
    return codecs.getincrementaldecoder("utf-8")("replace").decode(value, final=len(value) >= size)
