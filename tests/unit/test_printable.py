"""Data is shown, never obeyed: by commands, in logs, and where the terminal knows no UTF-8."""

import logging
import os
import subprocess
import sys
import unicodedata

import pytest

from infra.cli import console
from ingestion.gateway.sql import _first_line
from ingestion.printable import printable
from ingestion.processes.logs import configure_logging

OBEYED = {
    "colour": "\x1b[31m",
    "title of the window": "\x1b]0;x\x07",
    "C1 control": "\x9b2J",
    "NUL, DEL, backspace": "\x00\x7f\b",
    "line breaks": "\r\n\x0b\x0c\x85\u2028\u2029",
    "turns the writing round": "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    "no width": "\u200b\u200c\u200d\u2060\ufeff\u00ad",
    "lone surrogate": "\ud800\udfff",
    "tags": "\U000e0001\U000e0041\U000e007f",
    "private use": "\ue000\U000f0000",
}
READABLE = [
    "Zoé Müller",
    "Zoe\u0301",
    "12\u00a0500,00\u202f€",
    "日本\u3000語",
    "שלום",
    "مرحبا",
    "👍🏽 ☕️",
    "C:\\x1b",
    "",
    "[bold]",
]


@pytest.mark.parametrize("text", OBEYED.values(), ids=OBEYED)
def test_what_a_terminal_may_obey_is_written_out(text: str) -> None:
    shown = printable(f"a{text}b")
    assert shown.isascii()
    assert shown.isprintable()
    assert shown[1:-1].encode().decode("unicode_escape") == text


@pytest.mark.parametrize("text", READABLE)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_no_control_format_or_unknown_character_gets_through() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    left = {unicodedata.category(char) for char in printable(everything)}
    assert left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} == set()


def test_commands_show_cells_lines_and_errors(capfd: pytest.CaptureFixture[str]) -> None:
    data = "[bold red]x[/] [link=http://a.b]c[/link] :smile: \x1b[31m\u202e\n2  forged"
    console.show("title\x1b", ["column\x1b", "other"], [[data, "1"]])
    console.say(data)
    console.complain(data)
    console.quote("kafka", f"\tat {data}")
    written = capfd.readouterr()
    shown = r"[bold red]x[/] [link=http://a.b]c[/link] :smile: \x1b[31m\u202e\n2  forged"
    title, header, row, *rest = written.out.splitlines()
    assert [title, *header.split(), row, *rest] == ["title\\x1b", "column\\x1b", "other", f"{shown}  1", "", shown]
    assert written.err.splitlines() == [
        r"sales: [bold red]x[/] [link=http://a.b]c[/link] :smile: \x1b[31m\u202e 2 forged",
        f"  kafka |     at {shown}",
    ]


def test_result_of_one_cell_keeps_its_lines(capfd: pytest.CaptureFixture[str]) -> None:
    console.show("", ["plan"], [["== Plan ==\n+- Scan\x1b"]])
    assert capfd.readouterr().out.splitlines() == ["plan", "== Plan ==", "+- Scan\\x1b", ""]


def test_error_of_spark_quotes_data_that_is_not_obeyed() -> None:
    answer = "Error running query: [CAST_INVALID_INPUT] x.y.Z: The value '\x1b[2J\u202e' cannot be cast\nmore"
    assert _first_line(Exception(answer)) == r"The value '\x1b[2J\u202e' cannot be cast"


def test_log_has_one_line_for_a_message(capfd: pytest.CaptureFixture[str]) -> None:
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        configure_logging()
        try:
            raise ValueError("why\x1b")
        except ValueError:
            logging.getLogger("test").exception("failed: %s", "a\x1b[31m\nERROR forged")
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
    first, *_, last = capfd.readouterr().err.splitlines()
    assert first.endswith(r"failed: a\x1b[31m\nERROR forged")
    assert last == r"ValueError: why\x1b"


def test_terminal_without_utf8_gets_escapes_and_no_traceback() -> None:
    script = """if True:
        from ingestion import printable
        from infra import cli
        printable.escape_unencodable_output()
        cli.console.say("é 日 \\ud800")
        cli.main(["logs", "é"])
    """
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    ended = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True)
    assert ended.returncode == 2
    assert ended.stdout == rb"\xe9 \u65e5 \ud800" + b"\n"
    assert ended.stderr.startswith(rb"sales: Invalid value: there is no log of \xe9; choose from kafka")
