"""The JSON file of a measurement, and what two of them say beside each other."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from infra.bench.machine import Machine
from infra.bench.results import CaseResult, Figure
from ingestion.errors import SalesError

# with fewer runs on a side, all of them lie above all of the other side's by luck in one of ten comparisons or more
ENOUGH_RUNS = 3
Change = Literal["beyond the noise", "within the noise", "too few runs"]


@dataclass(frozen=True)
class Report:
    """All cases of one call of `sales bench`, and the machine."""

    machine: Machine
    cases: list[CaseResult]


@dataclass(frozen=True)
class Comparison:
    """One figure in two reports."""

    case: str
    before: Figure
    after: Figure
    # runs that follow each other on one stack are one run
    in_order: bool = False

    @property
    def ratio(self) -> float | None:
        """The median after, divided by the median before; none if that is 0."""
        return self.after.median / self.before.median if self.before.median else None

    @property
    def change(self) -> Change:
        """Beyond the noise if every run of one report lies above every run of the other.

        With three runs on each side this happens by luck in one comparison of ten, with five in one of 126.
        """
        if self.in_order or min(len(self.before.runs), len(self.after.runs)) < ENOUGH_RUNS:
            return "too few runs"
        (lowest_before, highest_before), (lowest_after, highest_after) = self.before.spread, self.after.spread
        apart = highest_before < lowest_after or highest_after < lowest_before
        return "beyond the noise" if apart else "within the noise"


def write(file: Path, report: Report) -> None:
    file.write_text(json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n")


def read(file: Path) -> Report:
    """Raises SalesError if the file is not one that `sales bench --json` has written."""
    try:
        return TypeAdapter(Report).validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error.errors()[0]["msg"])
        raise SalesError(
            f"{file} must be a file that `sales bench --json {file.name}` has written, got: {reason}; measure again"
        ) from error


def compare(before: Report, after: Report) -> Iterator[Comparison]:
    """Every figure that both have, in the order of the first."""
    found = {(case.name, figure.name): figure for case in after.cases for figure in case.measured.figures}
    for case in before.cases:
        for figure in case.measured.figures:
            if other := found.get((case.name, figure.name)):
                yield Comparison(case.name, figure, other, case.measured.in_order)
