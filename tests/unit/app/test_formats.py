"""Figures as a French reader writes them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from streamlit_app.languages import languages

NARROW, WIDE = "\u202f", "\u00a0"
formats = languages()["fr"].formats


def test_euros_have_two_decimals_and_narrow_thousands():
    assert formats.euros(Decimal("1234.50")) == f"1{NARROW}234,50{WIDE}€"
    assert formats.euros(Decimal("-0.05")) == f"-0,05{WIDE}€"
    assert formats.euros(None) == "-"


@pytest.mark.parametrize(
    ("new", "old", "shown"),
    [
        ("110", "100", "+10,0"),
        ("90", "100", "-10,0"),
        ("100", "100", "+0,0"),
        ("5", "0", None),
        ("0", "5", "-100,0"),
        ("1099", "100", "+999,0"),
    ],
)
def test_evolution_is_signed_and_absent_without_a_past(new, old, shown):
    assert formats.evolution(Decimal(new), Decimal(old)) == (shown and f"{shown}{WIDE}%")


@pytest.mark.parametrize("new", ["1099.01", "12345", "1e12"])
def test_an_evolution_beyond_all_measure_is_bounded(new):
    assert formats.evolution(Decimal(new), Decimal(100)) == f">{WIDE}+999{WIDE}%"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-7072, "0 s"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3_600, "1 h"), (86_400, "1 j")]
)
def test_ages_are_said_in_their_largest_unit(seconds, shown):
    assert formats.ago(seconds) == f"il y a {shown.replace(' ', WIDE)}"


def test_times_are_utc():
    assert formats.instant(datetime(2025, 12, 22, 9, 5, 7, tzinfo=UTC)) == "22/12/2025 à 09:05:07 UTC"
    assert formats.period(datetime(2025, 12, 22, 9), "hour") == f"22{WIDE}déc.{WIDE}2025, 9{WIDE}h"
