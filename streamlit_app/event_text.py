"""The bytes of an event as text, whatever and however many they are."""

import codecs


def as_text(value: bytes, size: int) -> str:
    """The beginning of an event of `size` bytes, as UTF-8 with replacement characters.

    A character that was cut in half is left out, because it was complete when it arrived.
    """
    return codecs.getincrementaldecoder("utf-8")("replace").decode(value, final=len(value) >= size)
