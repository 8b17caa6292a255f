"""Faulty events, one of every kind, each with the verdict that Silver must give it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ingestion.event import EVENT_FIELDS, VenteEvent, encode
from ingestion.sizes import LARGEST_EVENT


@dataclass(frozen=True, slots=True)
class Kind:
    """`verdict`: `valide`, `doublon`, or the `raison` of the rejection.  `copies`: the event repeats a sent sale."""

    name: str
    verdict: str
    make: Callable[[VenteEvent], bytes | None]
    copies: bool = False


def _with(**changes: Any) -> Callable[[VenteEvent], bytes]:
    return lambda vente: encode({name: getattr(vente, name) for name in EVENT_FIELDS} | changes)


def _later(delta: timedelta) -> Callable[[VenteEvent], bytes]:
    return lambda vente: _with(timestamp=vente.timestamp + delta)(vente)


def _dearer(vente: VenteEvent) -> bytes:
    return _with(montant=vente.montant + 1)(vente)


def _zone_suffix(vente: VenteEvent) -> bytes:
    paris = (vente.timestamp + timedelta(hours=2)).replace(tzinfo=None)
    return _with(timestamp=paris.isoformat(timespec="microseconds") + "+02:00")(vente)


def _numeric_strings(vente: VenteEvent) -> bytes:
    return _with(quantite=str(vente.quantite), montant=str(vente.montant))(vente)


def _exponent(vente: VenteEvent) -> bytes:
    """The amount in the form in which Java prints numbers from ten million on: 5.100E1."""
    montant = f'"montant": {vente.montant}'
    return vente.to_json().replace(montant.encode(), f'"montant": {vente.montant:E}'.replace("E+", "E").encode())


KINDS = (
    Kind("doublon", "doublon", VenteEvent.to_json, copies=True),
    Kind("conflit_montant", "conflit", _dearer, copies=True),
    Kind("conflit_autre_date", "conflit", _later(timedelta(days=-2)), copies=True),
    Kind("en_retard", "valide", _later(timedelta(days=-3))),
    Kind("champ_nouveau", "valide", _with(canal="web")),
    Kind("autre_libelle", "valide", _with(categorie="Electronique")),
    Kind("fuseau_horaire", "valide", _zone_suffix),
    Kind("nombres_en_texte", "valide", _numeric_strings),
    Kind("exposant", "valide", _exponent),
    Kind("montant_zero", "valide", _with(montant=Decimal("0.00"))),
    Kind("message_vide", "illisible", lambda _: None),
    Kind("json_tronque", "illisible", lambda vente: vente.to_json()[:40]),
    Kind("pas_utf8", "illisible", lambda vente: vente.to_json().replace(b"client_nom", b"\xff\xfe")),
    Kind("pas_un_objet", "illisible", lambda vente: b"[" + vente.to_json() + b"]"),
    Kind("cle_en_double", "illisible", lambda vente: vente.to_json()[:-1] + b', "montant": 1.00}'),
    Kind("trop_grand", "illisible", lambda vente: vente.to_json()[:-1] + b" " * LARGEST_EVENT + b"}"),
    Kind("vente_id_nul", "vente_id_invalide", _with(vente_id=None)),
    Kind("client_id_nul", "client_id_invalide", _with(client_id=None)),
    Kind("produit_id_texte", "produit_id_invalide", _with(produit_id="portable")),
    Kind("timestamp_illisible", "timestamp_invalide", _with(timestamp="22/12/2025 10h30")),
    # a .NET date that was never set
    Kind("date_ancienne", "timestamp_invalide", _with(timestamp="0001-01-01T00:00:00")),
    Kind("quantite_fraction", "quantite_invalide", _with(quantite=Decimal("1.5"))),
    Kind("montant_trois_decimales", "montant_invalide", _with(montant=Decimal("12.345"))),
    Kind("quantite_zero", "quantite_inferieure_a_1", _with(quantite=0)),
    Kind("montant_negatif", "montant_negatif", _with(montant=Decimal("-5.00"))),
    Kind("client_inconnu", "client_inconnu", _with(client_id=999)),
    Kind("produit_inconnu", "produit_inconnu", _with(produit_id=999)),
    Kind("timestamp_futur", "timestamp_futur", _later(timedelta(days=2))),
)
