"""The filters that restrict an answer."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Filters:
    """Any of a field's values matches; `start` is inclusive, `end` exclusive, both whole UTC hours without a zone."""

    pays: tuple[str, ...] = ()
    produit: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None

    def __bool__(self) -> bool:
        return self != Filters()

    def where(self) -> str:
        """A where clause of fixed text; the values are passed separately, as `parameters`."""
        return self._where({"heure >= $start": self.start, "heure < $end": self.end})

    def wheres_by_day(self) -> list[str]:
        """Where clauses for `ventes_clean`, of which each row that matches satisfies exactly one.

        The first takes the days between the bounds, known by the partition: their timestamps are not even read.
        """
        between = self._where({"date_vente > $start::date": self.start, "date_vente < $end::date": self.end})
        if not self.start and not self.end:
            return [between]
        bounds = [f"${name}::date" for name, bound in (("start", self.start), ("end", self.end)) if bound]
        at_bounds = {
            f"date_vente in ({', '.join(bounds)})": bounds,
            '"timestamp" >= $start': self.start,
            '"timestamp" < $end': self.end,
        }
        return [between, self._where(at_bounds)]

    def _where(self, on_time: Mapping[str, object]) -> str:
        conditions = {
            # names are stored as the catalogue writes them; DuckDB composes each distinct one once
            "nfc_normalize(pays) = any($pays)": self.pays,
            "nfc_normalize(produit_nom) = any($produit)": self.produit,
            "nfc_normalize(segment) = any($segment)": self.segment,
            **on_time,
        }
        wanted = [condition for condition, value in conditions.items() if value]
        return f"where {' and '.join(wanted)}" if wanted else ""

    def matching(self) -> Callable[[str, str, str, datetime], bool]:
        """The same as `where`, for rows in memory: a function of country, product, segment and hour."""
        wanted = [frozenset(map(composed, names)) for names in (self.pays, self.produit, self.segment)]

        def matches(pays: str, produit_nom: str, segment: str, heure: datetime) -> bool:
            names = zip((pays, produit_nom, segment), wanted, strict=True)
            return (
                all(not chosen or composed(name) in chosen for name, chosen in names)
                and (self.start is None or heure >= self.start)
                and (self.end is None or heure < self.end)
            )

        return matches

    @property
    def parameters(self) -> dict[str, Any]:
        values = {
            "pays": [composed(name) for name in self.pays],
            "produit": [composed(name) for name in self.produit],
            "segment": [composed(name) for name in self.segment],
            "start": self.start,
            "end": self.end,
        }
        return {name: value for name, value in values.items() if value}


def composed(name: str) -> str:
    """The name in the form used for comparison, since an accented letter may be one character or two."""
    return unicodedata.normalize("NFC", name)
