"""An event without an id is found at its place, and nothing in it is obeyed by whoever shows it."""

import pytest

pytestmark = pytest.mark.e2e

ESCAPES = {
    b"quoi": b"\x1b[31m{\xe2\x80\xae",
    b"champ": b'{"vente_id": -5, "\\u001b[2J[bold]\\u202e": ":smile:"}',
    b"octets": b'{"vente_id": "\xff"}',
}


@pytest.fixture(scope="module")
def rejected(stack, send):
    """By key: place and parse error, as Bronze has them."""
    send(ESCAPES)
    stack.publish_all()
    rows = stack.table("bronze/ventes_raw").select("key, kafka_partition, kafka_offset, parse_error").fetchall()
    return {key.decode(): (f"{partition}:{offset}", error) for key, partition, offset, error in rows if key in ESCAPES}


def test_an_unreadable_event_is_found_at_its_place(stack, rejected):
    place, error = rejected["quoi"]
    shown = stack.sales("explain", place)
    assert f"illisible ({error})" in shown
    assert r"\x1b[31m{\u202e" in shown
    assert r'{"vente_id": "\xff"}' in stack.sales("explain", rejected["octets"][0])


def test_a_negative_id_is_no_option(stack, rejected):
    assert rejected["champ"][0].partition(":")[2] in stack.sales("explain", "-5")


def test_names_and_values_are_shown_literally(stack, rejected):
    assert r"\x1b[2J[bold]\u202e" in stack.sales("status")
    shown = stack.sales(
        "sql", "select explode(unknown_fields) from bronze.ventes_raw where key = cast('champ' as binary)"
    )
    assert r"\x1b[2J[bold]\u202e" in shown
    assert ":smile:" in shown
    code, said = stack.attempt("sales", "sql", "select cast('\x1b[31mx' as int)")
    assert code == 1
    assert r"\x1b[31mx" in said
    assert "\x1b" not in shown + said


def test_the_api_says_why_an_event_is_unreadable(stack, rejected):
    rows = stack.get("/api/rejected?raison=illisible&limit=200")["rows"]
    told = {f"{row['kafka_partition']}:{row['kafka_offset']}": row["parse_error"] for row in rows}
    assert {place: told[place] for place, error in rejected.values() if error} == {
        place: error for place, error in rejected.values() if error
    }
