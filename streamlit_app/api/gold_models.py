"""The shape of the answers from the marts of Gold; their days and hours are those of the reporting time zone."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from streamlit_app.api.models import Answer, Money, Percent

_OF_FORECASTS = {"type": "number", "description": "EUR or number of sales, two decimals", "examples": [1234.56]}
Forecast = Annotated[Decimal, WithJsonSchema(_OF_FORECASTS)]
Bound = Annotated[
    Decimal,
    WithJsonSchema({**_OF_FORECASTS, "description": "EUR or number of sales; null without enough past errors"}),
]
Ratio = Annotated[Decimal, WithJsonSchema({"type": "number", "description": "two decimals", "examples": [0.75]})]


class DailySales(Answer):
    jour: date
    total_montant: Money
    total_quantite: int
    nombre_ventes: int
    panier_moyen: Money | None = Field(description="null without a sale")
    total_montant_j7: Money = Field(description="EUR, of the same day a week before")
    total_quantite_j7: int
    nombre_ventes_j7: int


class ProductPerformance(Answer):
    produit_nom: str = Field(examples=["Ordinateur portable"])
    rang: int | None = Field(description="null if not sold in the last 30 days")
    rang_precedent: int | None = Field(description="in the 30 days before; null if not sold in them")
    gain_rang: int | None = Field(description="places gained; negative if lost")
    total_montant: Money
    total_quantite: int
    nombre_ventes: int
    part: Percent | None = Field(description="percent of the revenue of all products; null without revenue")
    classe_abc: str = Field(
        pattern="^[ABC]$", description="A: the first 80 % of the revenue; B: up to 95 %; C: the rest"
    )
    total_montant_precedent: Money
    debut: date = Field(description="first of the 30 days")
    fin: date = Field(description="the last day with a sale of any product")


class ClientValue(Answer):
    client_id: int
    client_nom: str = Field(description="as of the last sale, as are `pays` and `segment`")
    pays: str
    segment: str
    premier_achat: datetime
    dernier_achat: datetime
    recence_jours: int = Field(ge=0, description="days from the last purchase to the last day with a sale of anyone")
    nombre_ventes: int
    total_montant: Money
    panier_moyen: Money
    part_recurrente: Percent | None = Field(description="percent of the revenue that is not from the first purchase")
    score_recence: int = Field(ge=1, le=5)
    score_frequence: int = Field(ge=1, le=5)
    score_montant: int = Field(ge=1, le=5)
    classe_rfm: str


class Cohort(Answer):
    cohorte: date = Field(description="first day of the month of the first purchase")
    mois_depuis: int = Field(ge=0)
    nombre_clients: int
    clients_actifs: int
    taux_retention: Percent
    nombre_ventes: int
    total_montant: Money


class TypicalHour(Answer):
    jour_semaine: int = Field(ge=1, le=7, description="1 is Monday")
    heure_locale: int = Field(ge=0, le=23)
    nombre_heures: int = Field(description="hours observed, in the eight weeks before the last day")
    ventes_typiques: int = Field(description="median")
    premier_quartile: Money
    montant_typique: Money = Field(description="EUR, median")
    troisieme_quartile: Money


class HourlyForecast(Answer):
    heure: datetime = Field(description="UTC")
    horizon: int = Field(ge=1, description="hours from the origin; 1 is the first")
    prevision: Forecast
    bas_80: Bound | None
    haut_80: Bound | None
    bas_95: Bound | None
    haut_95: Bound | None
    prevision_naive: Forecast = Field(description="EUR or number of sales, of the same hour a week before")


class DailyForecast(Answer):
    jour: date
    horizon: int = Field(ge=1, le=14, description="days from the origin; 1 is the first")
    prevision: Forecast
    bas_80: Bound | None
    haut_80: Bound | None
    bas_95: Bound | None
    haut_95: Bound | None
    prevision_naive: Forecast = Field(
        description="EUR or number of sales, of the same day of the last week that was over"
    )


class ForecastQuality(Answer):
    mesure: Literal["nombre_ventes", "total_montant"]
    dimension: Literal["total", "produit", "pays"]
    cle: str = Field(description="name of the product or country; total for all", examples=["Casque audio"])
    pas: Literal["heure", "jour"] = Field(description="forecasts by hour or by day")
    horizons: str | None = Field(description="class of horizons in hours or days; null for all", examples=["13-24"])
    nombre_previsions: int = Field(description="forecasts of the last two weeks whose time has come")
    wape: Percent | None = Field(description="sum of the errors in percent of what came; null if nothing did")
    wape_naive: Percent | None = Field(description="the same of `prevision_naive`")
    mase: Ratio | None = Field(
        description="mean error as a multiple of the usual one of the week before; null without that"
    )
    biais: Percent | None = Field(description="percent of what came; positive if too much was forecast")
    couverture_80: Percent | None = Field(description="percent of the 80 % intervals that held what came; null without")
    couverture_95: Percent | None = Field(description="percent of the 95 % intervals that held what came; null without")
    est_meilleure: bool = Field(description="whether the errors are smaller than those of `prevision_naive`")
