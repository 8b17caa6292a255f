"""What each field's text is worth: a number, an amount, an instant, or nothing."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.verify import verdict

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9007199254740991", 2**53 - 1),
        ("9007199254740992", None),
        ("-9007199254740991", 1 - 2**53),
        ("-9007199254740992", None),
        ("+0012.000", 12),
        ("-0", 0),
        ("0" * 5000 + "7", 7),
        ("7" * 5000, None),
        ("7." + "0" * 5000, 7),
        ("1.7E15", 1_700_000_000_000_000),
        ("9.007199254740991e+15", 2**53 - 1),
        ("9.007199254740992e15", None),
        ("120e-1", 12),
        ("12e-1", None),
        ("-0e0", 0),
        ("1e0002", 100),
        ("1" + "0" * 900 + "e-900", 1),
        ("0." + "0" * 998 + "1e999", 1),
        ("0e999", 0),
        ("0e1000", None),
        ("1e-999", None),
        ("1e999999999", None),
        ("1e", None),
        ("e1", None),
        ("1e1.0", None),
        ("1e\u0662", None),
        ("", None),
        (None, None),
        (12, None),
        ("~12", None),
    ],
)
def test_vente_id_is_an_exact_number_of_53_bits(text: Any, number: int | None) -> None:
    assert verdict.vente_id(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("2147483647", 2**31 - 1), ("2147483648", None), ("-2147483648", -(2**31)), ("-2147483649", None)],
)
def test_other_numbers_have_32_bits(text: str, number: int | None) -> None:
    assert verdict.int32(text) == number


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("12", 1200),
        ("12.3", 1230),
        ("12.34", 1234),
        ("12.34000", 1234),
        ("12.340001", None),
        ("0.001", None),
        ("-0.00", 0),
        ("-0.01", -1),
        ("+5.5", 550),
        ("9999999999.99", 999999999999),
        ("9999999999.990", 999999999999),
        ("9999999999.991", None),
        ("10000000000", None),
        ("-9999999999.99", -999999999999),
        ("0000000000000000000001.50", 150),
        ("12.", None),
        (".5", None),
        ("1e2", 10000),
        ("1.23456789E7", 1234567890),
        ("1.234e1", 1234),
        ("1.2345e1", None),
        ("1234e-2", 1234),
        ("12345e-3", None),
        ("12340e-3", 1234),
        ("-5E-2", -5),
        ("9.99999999999e9", 999999999999),
        ("999999999999e-2", 999999999999),
        ("1e10", None),
        ("0e-999", 0),
        ("1.e5", None),
        ("1e2\n", None),
        ("12.34\n", None),
        ("١٢.٣٤", None),
        (True, None),
    ],
)
def test_montant_is_exact_to_the_cent(text: Any, cents: int | None) -> None:
    assert verdict.montant(text) == cents


@given(st.from_regex(r"[+-]?[0-9]{1,20}([.][0-9]{1,6})?([eE][+-]?[0-9]{1,2})?", fullmatch=True))
def test_a_number_counts_by_its_exact_value(text: str) -> None:
    value = Fraction(text)
    cents, fits = 100 * value, -(2**31) <= value < 2**31
    assert verdict.montant(text) == (cents if cents.denominator == 1 and abs(cents) < 10**12 else None)
    assert verdict.int32(text) == (value if value.denominator == 1 and fits else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-12-22T10:30:45.123456", "2025-12-22T10:30:45.123456"),
        ("2025-12-22 10:30", "2025-12-22T10:30:00"),
        ("2025-12-22T10:30:45.1", "2025-12-22T10:30:45.100000"),
        ("2025-12-22T10:30:45.123456999", "2025-12-22T10:30:45.123456"),
        ("2025-12-22t10:30:45z", "2025-12-22T10:30:45"),
        ("2025-12-22T10:30Z", "2025-12-22T10:30:00"),
        ("2025-12-22T10:30:45+0200", "2025-12-22T08:30:45"),
        ("1970-01-01T00:00:00", "1970-01-01T00:00:00"),
        ("1970-01-01T02:00:00+02:00", "1970-01-01T00:00:00"),
        ("1969-12-31T22:00-02", "1970-01-01T00:00:00"),
        ("1969-12-31T23:59:59.9999999", None),
        ("1970-01-01T01:59:59.999999+02", None),
        ("1600-05-01T00:00:00", None),
        ("2025-12-22T10:30:45Z", "2025-12-22T10:30:45"),
        ("2025-12-22T10:30:45+02", "2025-12-22T08:30:45"),
        ("2025-12-22T10:30+0230", "2025-12-22T08:00:00"),
        ("2025-12-22T10:30:45-05:30", "2025-12-22T16:00:45"),
        ("2025-12-22T10:30:45-00:00", "2025-12-22T10:30:45"),
        ("2025-12-22T10:30:45+18:00", "2025-12-21T16:30:45"),
        ("2024-02-29T00:00:00", "2024-02-29T00:00:00"),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00+02:00", None),
        ("2025-12-22T10:30:45+18:01", None),
        ("2025-12-22T10:30:45+19", None),
        ("2025-12-22T10:30:45+05:60", None),
        ("2025-02-29T00:00:00", None),
        ("2025-13-01T00:00:00", None),
        ("0000-01-01T00:00:00", None),
        ("2025-12-22T24:00:00", None),
        ("2025-12-22T10:60:00", None),
        ("2025-12-22T10:30:60", None),
        ("2025-12-22T10:30:45.", None),
        ("2025-12-22T10:30:45.1234567890", None),
        ("2025-12-22T10:30:45,5", None),
        ("2025-12-22T23:59:60", None),
        ("2025-12-22T10:30:45 Z", None),
        ("2025-12-22T10:30:45 UTC", None),
        ("20251222T103045Z", None),
        ("2025-W52-1T10:30", None),
        ("2025-12-22", None),
        (" 2025-12-22T10:30:45", None),
        ("2025-12-22T10:30:45\n", None),
        ("٢٠٢٥-12-22T10:30:45", None),
        (20251222, None),
    ],
)
def test_timestamp_is_iso_8601_in_utc(text: Any, expected: str | None) -> None:
    moment = None if expected is None else micros(datetime.fromisoformat(expected).replace(tzinfo=UTC))
    assert verdict.timestamp(text) == moment


def test_timestamp_may_leave_the_year_9999_by_its_zone() -> None:
    assert verdict.timestamp("9999-12-31T23:00-02") == 253402304400000000
