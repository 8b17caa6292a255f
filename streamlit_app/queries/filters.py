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

    def where(self, moment: str = "heure") -> str:
        """A where clause of fixed text; the values go beside it, as `parameters`."""
        conditions = [
            condition
            for condition, wanted in (
                ("pays = any($pays)", self.pays),
                ("produit_nom = any($produit)", self.produit),
                ("segment = any($segment)", self.segment),
                (f"{moment} >= $start", self.start),
                (f"{moment} < $end", self.end),
            )
            if wanted
        ]
        return f"where {' and '.join(conditions)}" if conditions else ""

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
