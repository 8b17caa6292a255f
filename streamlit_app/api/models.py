"""The shape of every answer, for the OpenAPI page and for anyone who tests against it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

Money = Annotated[
    Decimal,
    WithJsonSchema({"type": "number", "description": "EUR, two decimals", "examples": [1234.56]}),
]
Percent = Annotated[Decimal, WithJsonSchema({"type": "number", "description": "two decimals", "examples": [25.34]})]


# of every answer from the lake; an empty lake has no slice
HEADERS: dict[str, Any] = {
    "ETag": {"required": True, "schema": {"type": "string", "pattern": '^W/"[0-9a-f]{24}"$'}},
    "Cache-Control": {"required": True, "schema": {"type": "string", "enum": ["no-cache"]}},
    "X-Data-Status": {"required": True, "schema": {"type": "string", "enum": ["empty", "fresh", "stale"]}},
    "X-As-Of": {"description": "when the slice closed", "schema": {"type": "string", "format": "date-time"}},
    "X-Data-Age": {"description": "seconds since then", "schema": {"type": "number", "minimum": 0}},
    "X-Tranche": {"description": "number of the slice", "schema": {"type": "integer", "minimum": 1}},
}


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AggregatedSales(Answer):
    produit_nom: str = Field(examples=["Souris sans fil"])
    pays: str = Field(examples=["France"])
    total_montant: Money
    total_quantite: int = Field(examples=[5])


class TopProduct(Answer):
    rank: int = Field(ge=1, le=10, examples=[1])
    produit_nom: str = Field(examples=["Ordinateur portable"])
    total_montant: Money


class HourlySales(Answer):
    heure: str = Field(pattern=r"^\d{4}-\d\d-\d\d \d\d:00:00$", description="UTC", examples=["2025-12-22 10:00:00"])
    total_montant: Money
    total_quantite: int = Field(examples=[5])


class ProductBySegment(Answer):
    produit: str = Field(examples=["Casque audio"])
    segment: str = Field(examples=["Particulier"])
    montant: Money


class OverallStatistics(Answer):
    total_montant: Money
    total_quantite: int = Field(examples=[150])
    nombre_ventes: int = Field(examples=[50])
    nombre_clients: int = Field(description="distinct clients", examples=[5])
    panier_moyen: Money | None = Field(description="null without a sale")


class RevenueByCountry(Answer):
    pays: str = Field(examples=["France"])
    total_montant: Money
    part: Percent = Field(description="percent of the revenue of all rows")


class CustomerSegment(Answer):
    segment: str = Field(examples=["Enterprise"])
    nombre_clients: int = Field(description="distinct clients", examples=[2])
    total_montant: Money
    panier_moyen: Money


class RejectedEvent(Answer):
    kafka_partition: int
    kafka_offset: int
    kafka_timestamp: datetime
    raison: str = Field(examples=["montant_negatif"])
    parse_error: str | None = Field(
        description="of `illisible`: why the bytes could not be read", examples=["json_invalide"]
    )
    tranche: int
    value_size: int | None = Field(description="bytes that arrived; null for a tombstone, or above 2 MiB")
    value_text: str | None = Field(
        max_length=4096, description="the first 4096 bytes as UTF-8, with replacement characters"
    )
    value_base64: str | None = Field(max_length=5464, description="the same bytes, unchanged")


class RejectedPage(Answer):
    total: int = Field(description="rejected events that match, on all pages")
    limit: int
    offset: int
    rows: list[RejectedEvent]


class Rows(Answer):
    """Events of every closed slice; read = clean + rejected + duplicates."""

    read: int
    clean: int
    rejected: int
    duplicates: int


class AcceptedGap(Answer):
    """Events that Kafka dropped before they were read and whose loss somebody has accepted; no figure includes them."""

    kafka_partition: int
    from_offset: int
    to_offset: int = Field(description="exclusive")
    accepted_at: datetime | None = Field(description="null in records from before the time was kept")


class IsolatedEvent(Answer):
    kafka_partition: int
    kafka_offset: int
    value_size: int = Field(description="bytes, which only Kafka has")
    isolated_at: datetime


class IsolatedEvents(Answer):
    """Events on which the stream failed; each is a row of Bronze without its bytes, rejected as `illisible`."""

    total: int
    newest: list[IsolatedEvent] = Field(description="at most 20")


class Status(Answer):
    state: Literal["empty", "fresh", "stale"] = Field(description="empty: nothing has been published yet")
    stale: bool
    stale_reason: str | None
    tranche: int | None = Field(description="the newest closed slice")
    as_of: datetime | None = Field(description="when it closed")
    data_age_seconds: float | None = Field(description="since then")
    newest_vente_at: datetime | None
    newest_vente_age_seconds: float | None = Field(
        description="grows while the source is quiet; 0 when the newest sale is dated ahead of now"
    )
    lag: int | None = Field(
        description="committed events in Kafka that are not published; null when Kafka does not answer"
    )
    oldest_unpublished_at: datetime | None
    open_transaction_at: datetime | None = Field(
        description="since when a producer has kept a transaction open that holds back what was sent after it"
    )
    versions: dict[str, int] = Field(description="Delta version of each published table")
    offsets: dict[str, int] = Field(description="published so far by Kafka partition, exclusive")
    rows: Rows
    accepted_gaps: list[AcceptedGap] = Field(
        description="lost events, as accepted until now, whatever `as_of` says; empty in a lake that has all"
    )
    isolated_events: IsolatedEvents = Field(description="until now, whatever `as_of` says")


class Tail(Answer):
    """Sales behind the last slice, as their rules and the catalogues judge them now; a slice may judge otherwise."""

    nombre_ventes: int = Field(examples=[12])
    total_montant: Money
    total_quantite: int = Field(examples=[17])
    is_whole: bool = Field(description="false if there are more sales than are held, or they are still being read")
    measured_at: datetime
    from_offsets: dict[str, int] = Field(description="by Kafka partition, the first offset that was judged")
    to_offsets: dict[str, int] = Field(description="by Kafka partition, the offset up to which it was; exclusive")


class Live(Answer):
    provisional: Literal[True] = Field(description="`published` is final; `tail` comes on top of it and is not")
    tranche: int | None = Field(description="the newest closed slice")
    as_of: datetime | None = Field(description="when it closed")
    published: OverallStatistics
    tail: Tail | None = Field(description="null while Kafka does not answer")


class Fault(Answer):
    parameter: str = Field(examples=["from"])
    rule: str = Field(examples=["must be a whole hour of UTC: answers are kept by the hour"])
    value: str | None = Field(examples=["2025-12-22T10:30:00Z"])


class Refusal(Answer):
    error: str = Field(examples=["the parameters break a rule"])
    faults: list[Fault] = []
