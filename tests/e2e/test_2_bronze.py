"""Whatever arrives reaches Bronze, and what Bronze makes of it is what the reference makes of it."""

import json
import re
from decimal import Decimal

import pytest

from ingestion.event import EVENT_FIELDS
from ingestion.verify.strict_json import UnreadableError, read_object

pytestmark = pytest.mark.e2e

VENTE = b'{"vente_id": 1, "montant": 12.10, "canal": {"nom": ["web", 1.50]}}'
NASTY = {
    "plain": VENTE,
    "white space around": b" \n" + VENTE + b"\t ",
    "text behind": VENTE + b" x",
    "two objects": VENTE + VENTE,
    "text behind a flat object": b'{"a": 1} x',
    "brace behind": b'{"a": 1}}',
    "object behind": b'{"a": 1}{"b": 2}',
    "brace in a string": b'{"a": "}"}',
    "a string, then a brace": b'"a"}',
    "empty object": b"{}",
    "closes the array it is counted in": b'{"a": 1}], [{"b": 2}',
    "duplicate key": b'{"a": 1, "a": 2}',
    "duplicate key inside": b'{"a": {"b": 1, "b": 2}}',
    "array": b"[1]",
    "null": b"null",
    "number": b"12",
    "empty": b"",
    "blank": b" \t\r\n",
    "tombstone": None,
    "truncated": VENTE[:20],
    "single quotes": b"{'a': 1}",
    "NaN": b'{"a": NaN}',
    "leading zero": b'{"a": 01}',
    "trailing comma": b'{"a": 1,}',
    "BOM": b"\xef\xbb\xbf" + VENTE,
    "UTF-16": VENTE.decode().encode("utf-16"),
    "not UTF-8": b'{"a": "\xff"}',
    "encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "lone surrogate": b'{"a": "\\ud800"}',
    "surrogate pair": b'{"a": "\\ud83d\\ude00"}',
    "control character": b'{"a": "x\x01"}',
    "escaped NUL": b'{"a": "\\u0000"}',
    "2 000 deep": b'{"a": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    "998 deep": b'{"a": ' + b"[" * 998 + b"]" * 998 + b"}",
    "999 deep": b'{"a": ' + b"[" * 999 + b"]" * 999 + b"}",
    "number of 1 000 digits": b'{"a": ' + b"9" * 1000 + b"}",
    "number of 1 001 digits": b'{"a": ' + b"9" * 1001 + b"}",
    "name of 50 001 characters": b'{"' + b"n" * 50_001 + b'": 1}',
    "exponent": b'{"montant": 1e2}',
    "small exponent": b'{"montant": -1.5E-7}',
    "beyond a double": b'{"montant": 1e999}',
    "38 digits": b'{"montant": ' + b"9" * 38 + b"}",
    "39 digits": b'{"montant": ' + b"9" * 39 + b"}",
    "38 decimals": b'{"montant": 0.' + b"3" * 38 + b"}",
    "39 decimals": b'{"montant": 0.' + b"3" * 39 + b"}",
    "exponent in a string": b'{"montant": "1e2"}',
    "amount in a string": b'{"montant": "12.50"}',
    "infinity in a string": b'{"montant": "Infinity"}',
    "1 MB of text": b'{"a": "' + b"x" * 1_000_000 + b'"}',
}

# an event as our own producer sends it, and the same with one change each
ORDINARY = (
    b'{"vente_id": 1, "client_id": 2, "produit_id": 3, "timestamp": "2026-11-22T10:00:00.000001", "quantite": 4, '
    b'"montant": 12.10, "client_nom": "Zo\xc3\xab", "produit_nom": "Casque", "categorie": "Audio", "pays": "France", '
    b'"segment": "Particulier"}'
)
CHANGES = {
    "nothing": (b"", b""),
    "another order": (b'"vente_id": 1, "client_id": 2', b'"client_id": 2, "vente_id": 1'),
    "a field twice": (b'"pays": "France"', b'"pays": "France", "pays": "France"'),
    "a field twice, another missing": (b'"pays": "France", "segment"', b'"pays": "France", "pays"'),
    "an unknown field": (b'"pays": "France"', b'"pays": "France", "canal": "web"'),
    "an unknown field for a known one": (b'"pays"', b'"canal"'),
    "another case": (b'"pays"', b'"Pays"'),
    "null": (b"12.10", b"null"),
    "null in a text": (b'"France"', b"null"),
    "a truth value": (b"12.10", b"true"),
    "half a literal": (b"12.10", b"tru"),
    "an object": (b"12.10", b'{"a": 1}'),
    "an array": (b"12.10", b"[1]"),
    "exponent": (b"12.10", b"1.25E3"),
    "39 digits": (b"12.10", b"9" * 39),
    "1 001 digits": (b"12.10", b"9" * 1001),
    "beyond a double": (b"12.10", b"1e999"),
    "more digits than a double has": (b"12.10", b"12.1000000000000000000001"),
    "large and with decimals": (b"12.10", b"12345678901234567.89"),
    "a negative amount": (b"12.10", b"-12.10"),
    "white space around an amount": (b": 12.10,", b" \t:\r\n12.10 ,"),
    "a whole number with decimals": (b'"quantite": 4', b'"quantite": 4.00000000000000000001'),
    "a whole number with an exponent": (b'"quantite": 4', b'"quantite": 4e0'),
    "a whole number in a text": (b'"quantite": 4', b'"quantite": "4"'),
    "a negative whole number": (b'"quantite": 4', b'"quantite": -4'),
    "a whole number of 39 digits": (b'"vente_id": 1', b'"vente_id": ' + b"9" * 39),
    "a name that is a field's": (b'"Casque"', b'"montant"'),
    "a name that looks like a field": (b'"Casque"', b'"montant: 5,"'),
    "negative zero": (b"12.10", b"-0"),
    "leading zero": (b"12.10", b"012.10"),
    "leading plus": (b"12.10", b"+12.10"),
    "leading point": (b"12.10", b".10"),
    "trailing point": (b"12.10", b"12."),
    "two points": (b"12.10", b"1.2.3"),
    "hexadecimal": (b"12.10", b"0x10"),
    "NaN": (b"12.10", b"NaN"),
    "-INF": (b"12.10", b"-INF"),
    "Infinity": (b"12.10", b"-Infinity"),
    "no value": (b"12.10", b""),
    "two values": (b"12.10", b"12 10"),
    "text": (b"12.10", b'"12.10"'),
    "empty text": (b'"France"', b'""'),
    "single quotes": (b'"France"', b"'France'"),
    "no quotes": (b'"France"', b"France"),
    "a key in single quotes": (b'"pays"', b"'pays'"),
    "a key without quotes": (b'"pays"', b"pays"),
    "an escape": (b"France", b"Fran\\u00e7ais"),
    "an escape that JSON does not know": (b"France", b"Fr\\ance"),
    "an escaped quote": (b"France", b'Fr\\"ance'),
    "a lone surrogate": (b"France", b"\\ud800"),
    "an encoded surrogate": (b"France", b"\xed\xa0\x80"),
    "not UTF-8": (b"France", b"\xff"),
    "NUL": (b"France", b"\x00"),
    "a tab in a text": (b"France", b"a\tb"),
    "a line end in a text": (b"France", b"a\nb"),
    "DEL": (b"France", b"\x7f"),
    "a line separator": (b"France", b"\xe2\x80\xa8"),
    "an emoji": (b"France", b"\xf0\x9f\x98\x80"),
    "a brace in a text": (b"France", b"a}b"),
    "an open brace in a text": (b"France", b"a{b"),
    "a bracket in a text": (b"France", b"a[b"),
    "a comment": (b'"pays"', b'/* a */ "pays"'),
    "a comment of one line": (b'"pays"', b'// a\n"pays"'),
    "a YAML comment": (b'"pays"', b'# a\n"pays"'),
    "other white space": (b'"pays": "France"', b'\r\n\t"pays"  :\t"France"'),
    "a no-break space between": (b'"pays"', b'\xc2\xa0"pays"'),
    "no white space": (b'"pays": "France", ', b'"pays":"France",'),
    "no comma": (b'"France",', b'"France"'),
    "two commas": (b'"France",', b'"France",,'),
    "trailing comma": (b'"Particulier"}', b'"Particulier",}'),
    "no colon": (b'"pays":', b'"pays"'),
    "no end": (b'"Particulier"}', b'"Particulier"'),
    "the end in a text": (b'"Particulier"}', b'"Particulier}'),
    "another end": (b'"Particulier"}', b'"Particulier"}}'),
    "text behind": (b'"Particulier"}', b'"Particulier"}x'),
    "another event behind": (b'"Particulier"}', b'"Particulier"}{"a": 1}'),
    "BOM": (b'{"vente_id"', b'\xef\xbb\xbf{"vente_id"'),
}
CHANGES["an amount at the end"] = (
    ORDINARY,
    ORDINARY.replace(b' "montant": 12.10,', b"").replace(b"}", b', "montant": 12.10}'),
)
NASTY |= {f"ordinary but for {name}": ORDINARY.replace(old, new, 1) for name, (old, new) in CHANGES.items()}


@pytest.fixture(scope="module")
def arrived(stack, send):
    send({name.encode(): value for name, value in NASTY.items()})
    stack.sales("drain")
    fields = ", ".join(f"{name} := {name}" for name in EVENT_FIELDS)
    columns = f"key, value, parse_error, montant, unknown_fields, struct_pack({fields})"
    rows = stack.table("bronze/ventes_raw").select(columns).fetchall()
    return {key.decode(): rest for key, *rest in rows if key.decode() in NASTY}


def test_the_bytes_are_kept(arrived):
    assert {name: value for name, (value, *_) in arrived.items()} == NASTY


@pytest.mark.parametrize("name", NASTY)
def test_it_reads_what_the_reference_reads(arrived, name):
    _, parse_error, *_ = arrived[name]
    try:
        read_object(NASTY[name])
        expected = None
    except UnreadableError as error:
        expected = str(error)
    assert parse_error == expected


WITH_A_NUMBER = [
    name for name, value in NASTY.items() if value and b'"montant"' in value and not name.startswith("ordinary")
]


@pytest.mark.parametrize("name", WITH_A_NUMBER)
def test_a_number_keeps_its_value(arrived, name):
    """Its text, too, where a double could not hold it."""
    montant = arrived[name][2]
    try:
        expected = read_object(NASTY[name])["montant"]
    except UnreadableError:
        assert montant is None
        return
    if expected.replace(".", "").isdigit():
        assert Decimal(montant) == Decimal(expected)
    else:
        assert montant == expected


@pytest.mark.parametrize("name", [name for name in NASTY if name.startswith("ordinary")])
def test_the_fields_are_those_of_the_reference(arrived, name):
    _, _, _, unknown, fields = arrived[name]
    try:
        expected = read_object(NASTY[name])
    except UnreadableError:
        expected = {}
    found = fields | dict(unknown or {})
    assert {name: exact(value) for name, value in found.items()} == {
        name: exact(value) for name, value in (dict.fromkeys(EVENT_FIELDS) | expected).items()
    }


def exact(value):
    """A number's value, because a variant does not keep its spelling; an object or an array as itself."""
    text = json.dumps(value) if isinstance(value, bool | dict | list) else value
    if text and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return Decimal(text)
    return re.sub(r'[" ]', "", text) if text and text[0] in "[{" else text


def test_an_ordinary_amount_keeps_its_spelling(arrived):
    """As it would not if the event were read as a variant."""
    assert arrived["ordinary but for nothing"][2] == "12.10"
    assert arrived["ordinary but for another order"][2] == "12.10"
    assert arrived["ordinary but for a negative amount"][2] == "-12.1"


def test_unknown_fields_are_kept_and_reported(arrived, stack):
    assert json.loads(dict(arrived["plain"][3])["canal"])["nom"][0] == "web"
    assert "canal" in stack.sales("status")


def test_it_does_not_stop_silver(arrived, stack):
    stack.publish_all()
    stack.verify()
