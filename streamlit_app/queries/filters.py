"""What an answer is restricted to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Filters:
    """Any of the values; `start` inclusive, `end` exclusive, both whole hours of UTC without a zone."""

    pays: tuple[str, ...] = ()
    produit: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None

    def __bool__(self) -> bool:
        return self != Filters()

    def where(self, moment: str = "heure", day: str | None = None) -> str:
        """A where clause of fixed text; the values go beside it, as `parameters`.

        `day`: a partition column, by which files are left out before they are opened.
        """
        conditions = {
            "pays = any($pays)": self.pays,
            "produit_nom = any($produit)": self.produit,
            "segment = any($segment)": self.segment,
            f"{moment} >= $start": self.start,
            f"{moment} < $end": self.end,
            f"{day} >= $start::date": self.start and day,
            f"{day} <= $end::date": self.end and day,
        }
        wanted = [condition for condition, value in conditions.items() if value]
        return f"where {' and '.join(wanted)}" if wanted else ""

    @property
    def parameters(self) -> dict[str, Any]:
        values = {
            "pays": list(self.pays),
            "produit": list(self.produit),
            "segment": list(self.segment),
            "start": self.start,
            "end": self.end,
        }
        return {name: value for name, value in values.items() if value}
