r"""Show text from outside safely, by escaping invisible characters, which a terminal might obey.

A control character, an escape sequence or a mark that reverses the direction of the text becomes `\x1b`, `\u202e` and
so on.  Letters of every script, accents, spaces and emoji stay; those added to Unicode after this version of Python are
escaped.
"""

import io
import sys
import unicodedata


def printable(text: str, keep: str = "") -> str:
    """Escape everything that is not printable, except the characters in `keep`."""
    if text.isprintable():
        return text
    return "".join(char if _is_visible(char) or char in keep else _escaped(char) for char in text)


def escape_unencodable_output() -> None:
    """Make standard output and standard error escape characters that their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _is_visible(char: str) -> bool:
    # Python counts only the ASCII space as printable, but a no-break or ideographic space is ordinary text, too
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
