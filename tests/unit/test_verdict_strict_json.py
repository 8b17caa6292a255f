"""Which bytes are one strict JSON object, and what the others are called."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sizes import LARGEST_EVENT
from ingestion.verify.strict_json import UnreadableError, read_object


def parse_error(value: bytes | None) -> str | None:
    try:
        read_object(value)
    except UnreadableError as error:
        return str(error)
    return None


REFUSED: dict[str, list[bytes | None]] = {
    "trop_grand": [b" " * (LARGEST_EVENT + 1), b'{"a": "' + b"x" * LARGEST_EVENT + b'"}'],
    "vide": [None, b"", b" ", b" \t\r\n"],
    "utf8_invalide": [
        b"\xff\xfe",
        b'{"a":"\xff"}',
        b'{"a":"\xc0\x80"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xf4\x90\x80\x80"}',
        '{"a":1}'.encode("utf-16"),
    ],
    "json_invalide": [
        b"{",
        b'{"a":1',
        b'{"a":1,}',
        b"{'a':1}",
        b"{a:1}",
        b'{"a":1} x',
        b'{"a":1}{"b":2}',
        b'{"a":1}\x00',
        b'{"a":1}],[{"b":2}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":.5}',
        b'{"a":1.}',
        b'{"a":1e}',
        b'{"a":0x1}',
        b'{"a":nul}',
        b'{"a":True}',
        b'{"a":"\x01"}',
        b'{"a":"\n"}',
        b'{"a":"\\x"}',
        b'{"a":"\\u12"}',
        b'{"a":1/*x*/}',
        b"\xef\xbb\xbf{}",
        b"\xc2\xa0{}",
        b"\x0c{}",
        b'{"a":"\\ud800"}',
        b'{"a":"\\ud800\\u0041"}',
        b'{"a":["x\\udfff"]}',
        b'{"\\ud800":1}',
        b'{"a":{"b":1,"b":2}}',
        b'[{"a":1,"a":2}]',
        b'{"a":1,"a":2',
    ],
    "cle_en_double": [b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'{"a":1,"a":{"b":1,"b":2}}', b'{"":1,"":2}'],
    "pas_un_objet": [b"null", b"12", b'"a"', b"[]", b'[{"a":1}]', b"true", b"-0"],
}


@pytest.mark.parametrize(("reason", "value"), [(reason, value) for reason, all_ in REFUSED.items() for value in all_])
def test_unreadable_bytes_are_named(reason: str, value: bytes | None) -> None:
    assert parse_error(value) == reason


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (b"{}", {}),
        (b' \r\n\t{"a" : 1 } \n', {"a": "1"}),
        (b'{"a":12.10,"b":-0,"c":1E2,"d":"1E2"}', {"a": "12.10", "b": "-0", "c": "1E2", "d": "1E2"}),
        (b'{"a":true,"b":null,"c":[1],"d":{"e":1.50}}', {"a": True, "b": None, "c": ["1"], "d": {"e": "1.50"}}),
        (b'{"a":"\\ud83d\\ude00\\u0000\\\\ud800"}', {"a": "😀\0\\ud800"}),
        ('{"é":"\x7f\u2028"}'.encode(), {"é": "\x7f\u2028"}),
    ],
)
def test_readable_objects_keep_their_text(value: bytes, fields: dict[str, Any]) -> None:
    assert read_object(value) == fields


@pytest.mark.parametrize(
    "number", ["1" * 39, "-" + "1" * 38, "0." + "1" * 39, "12." + "0" * 37, "-0e0", "1E+2", "1e999999999"]
)
def test_numbers_keep_their_own_text(number: str) -> None:
    assert read_object(f'{{"a":{number}}}'.encode())["a"] == number


@pytest.mark.parametrize(
    ("value", "readable"),
    [
        (b"[" * 998 + b"]" * 998, True),
        (b"[" * 999 + b"]" * 999, False),
        (b'{"a":' * 997 + b"1" + b"}" * 997, True),
        (b'{"a":' * 998 + b"1" + b"}" * 998, True),
        (b'{"a":' * 999 + b"1" + b"}" * 999, False),
        (b'"' + b"[" * 5000 + b'"', True),
        (b'"\\"' + b"[" * 5000 + b'"', True),
        (b'"' + b'\\"[' * 5000, False),
        (b"9" * 1000, True),
        (b"-" + b"9" * 1000, True),
        (b"9" * 1001, False),
        (b"0." + b"9" * 1000, True),
        (b"0." + b"9" * 1001, False),
        (b"1." + b"9" * 999, True),
        (b"1." + b"9" * 1000, False),
        (b"1e" + b"9" * 999, True),
        (b"1e-" + b"9" * 1000, False),
        (b'{"%s":1}' % (b"k" * 50_000), True),
        (b'{"%s":1}' % (b"k" * 50_001), False),
        (b'{"%s":1}' % ("é" * 50_000).encode(), True),
        (b'{"%s":1}' % ("😀" * 25_000).encode(), True),
        (b'{"%s":1}' % ("😀" * 25_001).encode(), False),
        (b'"' + b"x" * 1_000_000 + b'"', True),
        (b'"' + b"0" * 1_000_000 + b'"', True),
    ],
)
def test_limits_are_exact(value: bytes, readable: bool) -> None:
    limit = sys.getrecursionlimit()
    assert parse_error(b'{"v":' + value + b"}") == (None if readable else "json_invalide")
    assert sys.getrecursionlimit() == limit


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**38) + 1, 10**38 - 1), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), values, max_size=5), st.booleans())
def test_whatever_is_valid_json_is_read(content: dict[str, Any], escaped: bool) -> None:
    text = json.dumps(content, ensure_ascii=escaped)
    assert read_object(text.encode()) == json.loads(text, parse_int=str)


@given(st.binary(max_size=100))
def test_whatever_is_read_is_valid_json(value: bytes) -> None:
    reason = parse_error(value)
    if reason in (None, "pas_un_objet", "cle_en_double"):
        json.loads(value.decode())
    else:
        assert reason in ("vide", "utf8_invalide", "json_invalide")
