"""A valid sale, and what its verdict is once the catalogues are known."""

from collections.abc import Set
from datetime import UTC, datetime
from decimal import Decimal

from ingestion.event import VenteEvent
from ingestion.verify.verdict import Evaluation

SALE = VenteEvent(
    vente_id=1_766_399_445_123_456,
    client_id=4,
    produit_id=102,
    timestamp=datetime(2025, 12, 22, 10, 30, 45, 123456, tzinfo=UTC),
    quantite=2,
    montant=Decimal("51.00"),
    client_nom="Anna Mueller",
    produit_nom="Souris sans fil",
    categorie="Electronics",
    pays="Germany",
    segment="Particulier",
)


def with_catalogues(found: Evaluation, clients: Set[int], produits: Set[int]) -> str | None:
    """The first rule that applies before `conflit`; None for an event that only other events can reject."""
    if found.raison not in (None, "timestamp_futur"):
        return found.raison
    if found.client_id not in clients:
        return "client_inconnu"
    if found.produit_id not in produits:
        return "produit_inconnu"
    return found.raison
