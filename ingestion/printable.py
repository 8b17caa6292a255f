r"""Show text that others wrote without obeying it: what no eye can see, and a terminal may follow, is written out.

A control character, an escape sequence or a mark that turns the writing round becomes `\x1b`, `\u202e` and the like.
Letters of every script, accents, spaces and emoji stay; one that Unicode has gained since this Python is written out.
"""

import io
import sys
import unicodedata


def printable(text: str, keep: str = "") -> str:
    """Escape what is not printable, but for the characters of `keep`."""
    if text.isprintable():
        return text
    return "".join(char if _is_visible(char) or char in keep else _escaped(char) for char in text)


def write_whatever_comes() -> None:
    """Let our streams escape what their encoding lacks, instead of failing of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _is_visible(char: str) -> bool:
    # Python counts only the ASCII space; a no-break or an ideographic one is ordinary text, too
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
