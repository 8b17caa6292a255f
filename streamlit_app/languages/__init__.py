"""The languages of the pages: each is a module in this folder, named by the language's code (ISO 639-1), and its texts.

The module says how the language writes figures, the TOML file beside it holds all the text that the pages show; the
rest of the program is in English.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import MappingProxyType

from streamlit_app.formats import Formats

# for a browser that asks for none of them, because the data is French
DEFAULT = "fr"


@dataclass(frozen=True, eq=False)
class Language:
    """The content of a language's files.

    `counted`: texts that depend on a number, by its plural category (Unicode's: one, few, other, ...), which `plural`
    returns.  The number is the first value that fills them.
    """

    name: str
    formats: Formats
    plural: Callable[[int], str]
    labels: Mapping[str, str]
    counted: Mapping[str, Mapping[str, str]]
    verdicts: Mapping[str, str]
    reasons: Mapping[str, str]
    parse_errors: Mapping[str, str]

    @classmethod
    def read(cls, code: str, name: str, formats: Formats, plural: Callable[[int], str]) -> "Language":
        """A language with the texts of the file `<code>.toml`."""
        texts = tomllib.loads(Path(__file__).with_name(f"{code}.toml").read_text(encoding="utf-8"))
        return cls(name, formats, plural, **texts)

    def __getitem__(self, label: str) -> str:
        return self.labels[label]

    def count(self, label: str, number: int, *more: str) -> str:
        """A text of `counted` for this number."""
        return self.counted[label][self.plural(number)].format(self.formats.number(number), *more)

    def reason(self, raison: str, parse_error: str | None = None) -> str:
        """Why an event is rejected; the data's own word if a table holds a reason that no language knows."""
        reason = self.reasons.get(raison, raison)
        return f"{reason} ({self.parse_errors.get(parse_error, parse_error)})" if parse_error else reason


@cache
def languages() -> Mapping[str, Language]:
    """The languages by the names of their files."""
    codes = sorted(module.name for module in iter_modules(__path__))
    return MappingProxyType({code: import_module(f"{__name__}.{code}").LANGUAGE for code in codes})
