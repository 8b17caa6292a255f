"""The query parameters: what is accepted, and the rule that a refusal names."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from ingestion.verdict import RAISONS
from streamlit_app.queries import Filters

MAX_SLICE = 2**31 - 1


def _moment(value: Any) -> datetime:
    """A time in UTC; `+` of a zone may have become a space on its way through a URL."""
    text = re.sub(r"(?<=T)(\S+) (\d\d:?\d\d)$", r"\1+\2", str(value))
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be an ISO 8601 time such as 2025-12-22T10:00:00Z (no zone means UTC)") from None
    if not 2000 <= moment.year <= 2100:
        raise ValueError("must lie in the years 2000 to 2100")
    return moment


def _whole_hour(moment: datetime) -> datetime:
    if (moment.minute, moment.second, moment.microsecond) != (0, 0, 0):
        raise ValueError("must be a whole hour of UTC: answers are kept by the hour")
    return moment.replace(tzinfo=None)


def _as_of(value: Any) -> int | datetime:
    text = str(value)
    if re.fullmatch(r"[0-9]{1,10}", text):
        return min(int(text), MAX_SLICE + 1)
    try:
        moment = _moment(text)
    except ValueError as error:
        raise ValueError(f"as a time it {error}; or give the number of a slice") from None
    if moment > datetime.now(UTC):
        raise ValueError("must not lie in the future")
    return moment


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must not contain control characters")
    return text


def _known_reason(raison: str | None) -> str | None:
    if raison is not None and raison not in RAISONS:
        raise ValueError(f"must be one of {', '.join(RAISONS)}")
    return raison


def _normal(values: list[str]) -> list[str]:
    return sorted(set(values))


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Names = Annotated[list[Name], Field(max_length=50), AfterValidator(_normal)]
Hour = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_whole_hour)]
AsOf = Annotated[int | datetime, BeforeValidator(_as_of)]


class AsOfParams(BaseModel):
    """Whatever else is asked, the lake can be asked as it was."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    as_of: AsOf | None = Field(
        None,
        description="the number of a slice, or a time: the figures as published then",
        examples=["2025-12-22T10:00:00Z", "42"],
    )

    @property
    def key(self) -> str:
        """The same for questions that mean the same; the publication is named apart."""
        return self.model_dump_json(exclude={"as_of"}, exclude_defaults=True)


class SalesParams(AsOfParams):
    pays: Names = Field([], description="countries; repeat for several", examples=[["France"]])
    produit: Names = Field([], description="products; repeat for several", examples=[["Souris sans fil"]])
    segment: Names = Field([], description="segments; repeat for several", examples=[["Enterprise"]])
    start: Hour | None = Field(
        None, alias="from", description="first hour, inclusive", examples=["2025-12-22T10:00:00Z"]
    )
    end: Hour | None = Field(None, alias="to", description="last hour, exclusive", examples=["2025-12-23T00:00:00Z"])

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: datetime | None, others: ValidationInfo) -> datetime | None:
        start = others.data.get("start")
        if start and end and start >= end:
            raise ValueError(f"must be later than from, {start:%Y-%m-%dT%H:%M:%SZ}")
        return end

    @property
    def filters(self) -> Filters:
        return Filters(tuple(self.pays), tuple(self.produit), tuple(self.segment), self.start, self.end)


class TopParams(SalesParams):
    limit: int = Field(10, ge=1, le=10, description="how many ranks")


class HourlyParams(SalesParams):
    limit: int | None = Field(None, ge=1, le=100_000, description="only the newest hours")


class RejectedParams(AsOfParams):
    raison: Annotated[str | None, AfterValidator(_known_reason)] = Field(
        None, description="only this reason", json_schema_extra={"enum": list(RAISONS)}
    )
    limit: int = Field(50, ge=1, le=200, description="rows of a page")
    offset: int = Field(0, ge=0, le=10_000_000, description="rows before the page")
