"""The shape of the answers about what is out of the ordinary."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from ingestion.queries import ANOMALIE_ID, CAUSES
from ingestion.reading.acknowledgements import LONGEST_NAME, LONGEST_NOTE, NAME, NOTE, allowed_name, allowed_note
from streamlit_app.api.models import Answer

_COUNTED = {"type": "number", "description": "events, sales or EUR, two decimals", "examples": [42.5]}
Counted = Annotated[Decimal, WithJsonSchema(_COUNTED)]
Expected = Annotated[
    Decimal, WithJsonSchema({**_COUNTED, "description": "events, sales or EUR; null on a day without expectations"})
]
Score = Annotated[
    Decimal, WithJsonSchema({"type": "number", "description": "standard deviations, two decimals", "examples": [-8.25]})
]
Name = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_NAME, json_schema_extra={"pattern": NAME}, examples=["Léa"]),
    AfterValidator(allowed_name),
]
Note = Annotated[
    str,
    Field(max_length=LONGEST_NOTE, json_schema_extra={"pattern": NOTE}, examples=["the shop was closed"]),
    AfterValidator(allowed_note),
]
Cause = Annotated[str, WithJsonSchema({"type": "string", "enum": list(CAUSES)})]


class Incident(Answer):
    anomalie_id: str = Field(pattern=ANOMALIE_ID, examples=["20261130-1005-volume"])
    detecteur: Cause = Field(description="the detector that began it")
    cause: Cause = Field(description="of the detectors that alarmed within an hour, the one nearest to the root")
    cle: str = Field(description="what `cause` counts: a product, a country, a reason, a partition; or total")
    fenetre: str = Field(description="window of the strongest alarm of `cause`", examples=["1h"])
    debut: datetime = Field(description="first alarm")
    derniere_alerte: datetime
    fin: datetime | None = Field(description="null until twelve hours have passed without an alarm")
    observe: Counted
    attendu: Counted
    attendu_bas: Counted
    attendu_haut: Counted
    score: Score
    sens: Literal["hausse", "baisse"]
    severite: Literal["critique", "haute", "moyenne"]
    statut: Literal["ouverte", "acquittee", "fermee"] = Field(
        description="acquittee: open, and acknowledged as it is; one that has become worse since is ouverte again"
    )
    detecteurs: str = Field(description="all that alarmed, separated by commas", examples=["produit, volume"])
    tranche: int
    acquittee_par: str | None = Field(description="of an incident that is ouverte: before it became what it is")
    acquittee_a: datetime | None
    note: str | None


class WatchState(Answer):
    mesures_depuis: datetime | None = Field(description="when the first event was counted; null once it has learned")
    complet_jusque: datetime | None = Field(
        description="everything that arrived before has been looked at; null if nothing was for 40 days"
    )
    attentes_du: date | None = Field(description="the newest day (UTC) with expectations")
    apprend: bool = Field(description="nothing can alarm yet, because there are no expectations for the newest day")
    jours_connus: int | None = Field(ge=0, description="whole days of history; null once it has learned")
    jours_requis: int = Field(description="so many are needed")


class Anomalies(Answer):
    veille: WatchState | None = Field(description="null if no run had looked for anomalies yet")
    total: int = Field(ge=0, description="incidents that match")
    limit: int
    rows: list[Incident] = Field(description="newest first")


class Quarter(Answer):
    moment: datetime = Field(description="its start")
    observe: Counted
    attendu: Expected | None
    attendu_bas: Expected | None
    attendu_haut: Expected | None


class AnomalyPicture(Answer):
    anomalie_id: str
    mesure: str
    cle: str
    unite: Literal["evenements", "ventes", "EUR"]
    debut: datetime
    derniere_alerte: datetime
    fin: datetime | None
    quarts: list[Quarter]


class AcknowledgeBody(BaseModel):
    """Who has seen the incident."""

    model_config = ConfigDict(extra="forbid")

    par: Name
    note: Note = ""
    retirer: bool = Field(False, strict=True, description="take back that somebody has seen it")
