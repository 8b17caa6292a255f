"""The query parameters: what is accepted, and the rule that a refusal names; the OpenAPI document says the same."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from ingestion.queries import CAUSES, CLASSES_RFM, DIMENSIONS, MESURES, SEVERITES, DayFilters, Filters, composed
from ingestion.reading.incidents import STATUTS
from ingestion.verify.verdict import RAISONS
from streamlit_app.api.times import DAY, MOMENT, SPELLING, WHOLE_HOUR, day, moment, whole_hour

MAX_SLICE, MAX_HOURS = 2**31 - 1, 100_000
REPEATABLE = ("pays", "produit", "segment")
# C0, DEL and C1: a name may contain every other character
_CONTROL = "\\x00-\\x1f\\x7f-\\x9f"


def _as_of(value: Any) -> int | datetime:
    text = str(value)
    if not re.fullmatch("[+-]?[0-9]+", text):
        try:
            return moment(text)
        except ValueError:
            raise ValueError(f"{SPELLING}; or the number of a slice such as 42") from None
    number = int(text) if len(text) <= 11 else MAX_SLICE + 1
    if not 1 <= number <= MAX_SLICE:
        raise ValueError(f"must be the number of a slice from 1 to {MAX_SLICE}, or a time such as 2025-12-22T10:00:00Z")
    return number


def _digits(value: Any) -> Any:
    """Refuse `1_0` and `10.0`, which Pydantic would also accept as 10."""
    if isinstance(value, str) and not re.fullmatch("[+-]?[0-9]{1,20}", value):
        raise ValueError("must be a whole number such as 10")
    return value


def _plain(text: str) -> str:
    if re.search(f"[{_CONTROL}]", text):
        raise ValueError("must not contain control characters")
    return text


def _one_of(known: Sequence[str]) -> tuple[AfterValidator, WithJsonSchema]:
    def check(value: str | None) -> str | None:
        if value is not None and value not in known:
            raise ValueError(f"must be one of {', '.join(known)}")
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "enum": list(known)})


def _normal(values: list[str]) -> list[str]:
    return sorted(set(values))


Number = Annotated[int, BeforeValidator(_digits)]
Name = Annotated[
    str,
    Field(min_length=1, max_length=100, json_schema_extra={"pattern": f"^[^{_CONTROL}]+$"}),
    AfterValidator(_plain),
    AfterValidator(composed),
]
Names = Annotated[list[Name], Field(max_length=50), AfterValidator(_normal)]
# None only means that the parameter was not sent
Hour = Annotated[
    datetime | None,
    BeforeValidator(lambda value: whole_hour(str(value))),
    WithJsonSchema({"type": "string", "pattern": f"^(?:{WHOLE_HOUR})$"}),
]
Day = Annotated[
    date | None,
    BeforeValidator(lambda value: day(str(value))),
    WithJsonSchema({"type": "string", "pattern": f"^(?:{DAY})$"}),
]
Moment = Annotated[
    datetime | None,
    BeforeValidator(lambda value: moment(str(value))),
    WithJsonSchema({"type": "string", "pattern": f"^(?:{MOMENT})$"}),
]
AsOf = Annotated[
    int | datetime | None,
    BeforeValidator(_as_of),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MAX_SLICE},
                {"type": "string", "pattern": f"^(?:{MOMENT})$"},
            ]
        }
    ),
]


ClasseRfm = Annotated[str | None, *_one_of(CLASSES_RFM)]
Raison = Annotated[str | None, *_one_of(RAISONS)]
Mesure = Annotated[str, *_one_of(MESURES)]
Dimension = Annotated[str, *_one_of(DIMENSIONS)]
Horizons = Annotated[str, *_one_of(("together", "apart"))]
Statut = Annotated[str | None, *_one_of(STATUTS)]
Severite = Annotated[str | None, *_one_of(SEVERITES)]
Cause = Annotated[str | None, *_one_of(CAUSES)]


def well_formed(request: Request) -> None:
    """Refuse a repeated parameter, of which FastAPI silently takes the last value, and bytes that are not UTF-8."""
    seen: set[str] = set()
    for pair in filter(None, request.scope["query_string"].split(b"&")):
        try:
            name, value = (unquote_to_bytes(part.replace(b"+", b" ")).decode() for part in pair.partition(b"=")[::2])
        except UnicodeDecodeError:
            raise _refusal(pair.partition(b"=")[0].decode(errors="replace"), "must be UTF-8", None) from None
        if name in seen and name not in REPEATABLE:
            raise _refusal(name, "must be given once", value)
        seen.add(name)


def _refusal(name: str, rule: str, value: str | None) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": ("query", name), "msg": rule, "input": value}])


class AsOfParams(BaseModel):
    """The parameters of every question: each can also be asked of the lake as it was at an earlier time."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    as_of: AsOf = Field(
        None,
        description="the number of a slice, or a time: the figures as published at that time; 404 if nothing was",
        examples=["2025-12-22T10:00:00Z", "42"],
    )

    @property
    def key(self) -> str:
        """Equal for questions that mean the same; the publication is named separately."""
        return self.model_dump_json(exclude={"as_of"}, exclude_defaults=True)


class NameParams(BaseModel):
    """Which sales, by what they are of."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    pays: Names = Field([], description="countries; repeat for several", examples=[["France"]])
    produit: Names = Field([], description="products; repeat for several", examples=[["Souris sans fil"]])
    segment: Names = Field([], description="segments; repeat for several", examples=[["Enterprise"]])


def _after_from(end: datetime | None, others: ValidationInfo) -> datetime | None:
    start = others.data.get("start")
    if start and end and start >= end:
        raise ValueError(f"must be later than from, {start:%Y-%m-%dT%H:%M:%SZ}")
    return end


class FilterParams(NameParams):
    start: Hour = Field(None, alias="from", description="first hour, inclusive", examples=["2025-12-22T10:00:00Z"])
    end: Hour = Field(
        None, alias="to", description="last hour, exclusive; later than from", examples=["2025-12-23T00:00:00Z"]
    )

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: datetime | None, others: ValidationInfo) -> datetime | None:
        return _after_from(end, others)

    @property
    def filters(self) -> Filters:
        return Filters(tuple(self.pays), tuple(self.produit), tuple(self.segment), self.start, self.end)


class SalesParams(AsOfParams, FilterParams):
    """The filters, of any publication."""


class TopParams(SalesParams):
    limit: Number = Field(10, ge=1, le=10, description="how many ranks")


class HourlyParams(SalesParams):
    limit: Annotated[
        int | None,
        BeforeValidator(_digits),
        Field(ge=1, le=MAX_HOURS),
        WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_HOURS}),
    ] = Field(None, description="only the newest hours")


class RejectedParams(AsOfParams):
    raison: Raison = Field(None, description="only this reason")
    limit: Number = Field(50, ge=1, le=200, description="rows of a page")
    offset: Number = Field(0, ge=0, le=10_000_000, description="rows before the page")


class DailyParams(AsOfParams, NameParams):
    start: Day = Field(None, alias="from", description="first day, inclusive", examples=["2025-12-22"])
    end: Day = Field(None, alias="to", description="last day, exclusive; later than from", examples=["2025-12-29"])

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: date | None, others: ValidationInfo) -> date | None:
        start = others.data.get("start")
        if start and end and start >= end:
            raise ValueError(f"must be later than from, {start}")
        return end

    @property
    def filters(self) -> DayFilters:
        return DayFilters(tuple(self.pays), tuple(self.produit), tuple(self.segment), self.start, self.end)


class ClientParams(AsOfParams):
    pays: Names = Field([], description="countries; repeat for several", examples=[["France"]])
    segment: Names = Field([], description="segments; repeat for several", examples=[["Enterprise"]])
    classe_rfm: ClasseRfm = Field(None, description="only this class")
    limit: Number = Field(200, ge=1, le=1000, description="rows of a page")
    offset: Number = Field(0, ge=0, le=10_000_000, description="rows before the page")


class ForecastParams(AsOfParams):
    mesure: Mesure = Field("total_montant", description="what is forecast")
    dimension: Dimension = Field("total", description="what it is of: all sales, one product or one country")
    cle: Name = Field("total", description="name of the product or country; total for all", examples=["Casque audio"])


class AnomalyParams(AsOfParams):
    statut: Statut = Field(None, description="only these; acquittee: open, and acknowledged")
    severite: Severite = Field(None, description="only this severity")
    cause: Cause = Field(None, description="only this cause")
    start: Moment = Field(
        None, alias="from", description="only incidents with an alarm since then", examples=["2025-12-22T10:00:00Z"]
    )
    end: Moment = Field(
        None,
        alias="to",
        description="only those that began earlier; later than from",
        examples=["2025-12-23T00:00:00Z"],
    )
    limit: Number = Field(100, ge=1, le=1000, description="the newest so many")

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: datetime | None, others: ValidationInfo) -> datetime | None:
        return _after_from(end, others)


class QualityParams(AsOfParams):
    horizons: Horizons = Field(
        "together", description="one row for each series and step, or for each class of horizons"
    )
