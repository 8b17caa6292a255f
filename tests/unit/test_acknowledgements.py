"""What people have acknowledged: appended by several processes, never changed, whatever else is in the file."""

import json
import logging
import subprocess
import sys

import pytest

from ingestion.lake.failures import LakeUnreadableError
from ingestion.reading.acknowledgements import Acknowledgement, Acknowledgements

NUMBER, OTHER = "20261130-1005-volume", "20261129-0005-produit"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "var" / "acquittements.jsonl"


@pytest.fixture
def record(path):
    return Acknowledgements(path)


def test_nothing_is_known_before_the_first(record):
    known = record.known()
    assert (known.entries, known.unreadable, dict(known.latest)) == ((), 0, {})


def test_what_one_process_writes_another_reads(path, record):
    entry = Acknowledgement(NUMBER, "Léa", "soldes d'hiver")
    record.append(entry)
    known = Acknowledgements(path).known()
    assert known.entries == (entry,)
    assert known.latest == {NUMBER: entry}


def test_a_line_of_before_the_severity_was_noted_is_read(path, record):
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"anomalie_id": NUMBER, "par": "Léa", "a": "2026-11-30T10:10:00Z"}) + "\n")
    (entry,) = record.known().entries
    assert (entry.severite, entry.cause, entry.cle) == ("", "", "")
    assert record.known().unreadable == 0


def test_what_was_shown_is_kept(path, record):
    entry = Acknowledgement(NUMBER, "Léa", severite="haute", cause="produit", cle="Casque « audio »")
    record.append(entry)
    assert Acknowledgements(path).known().entries == (entry,)
    assert json.loads(path.read_text())["severite"] == "haute"


def test_the_last_line_of_an_incident_holds_and_all_of_them_stay(record):
    first, second = Acknowledgement(NUMBER, "Léa"), Acknowledgement(NUMBER, "Max", "à suivre")
    elsewhere, back = Acknowledgement(OTHER, "Zoé"), Acknowledgement(NUMBER, "Léa", retire=True)
    for entry in (first, elsewhere, second):
        record.append(entry)
    assert record.known().latest == {NUMBER: second, OTHER: elsewhere}
    record.append(back)
    known = record.known()
    assert known.latest == {OTHER: elsewhere}
    assert known.of(NUMBER) == [first, second, back]


def test_the_same_object_until_something_is_written(record):
    record.append(Acknowledgement(NUMBER, "Léa"))
    known = record.known()
    assert record.known() is known
    record.append(Acknowledgement(NUMBER, "Léa"))
    assert record.known().version != known.version


@pytest.mark.parametrize("damage", [b"{", b"\xff\x00\n", b'{"anomalie_id": 1}\n', b"[]\n", b"\n"])
def test_a_line_that_cannot_be_read_hides_no_other_and_is_reported_once(path, record, caplog, damage):
    before, after = Acknowledgement(NUMBER, "Léa"), Acknowledgement(OTHER, "Max")
    record.append(before)
    path.write_bytes(path.read_bytes() + damage)
    record.append(after)
    with caplog.at_level(logging.ERROR):
        assert record.known().entries == (before, after)
        assert record.known().unreadable == 1
        record.append(after)
        assert record.known().unreadable == 1
    assert len([each for each in caplog.records if "cannot be read" in each.message]) == 1
    assert path.name in caplog.text


def test_a_line_is_not_read_before_its_end_is_written(path, record, caplog):
    record.append(Acknowledgement(NUMBER, "Léa"))
    line = path.read_bytes()
    path.write_bytes(line + line.replace(b"volume", b"plat")[:-1])
    assert (len(record.known().entries), record.known().unreadable) == (1, 0)
    path.write_bytes(line + line.replace(b"volume", b"plat"))
    assert len(record.known().entries) == 2
    assert caplog.text == ""


def test_a_file_that_cannot_be_read_is_no_empty_one(path, record):
    path.mkdir(parents=True)
    with pytest.raises(LakeUnreadableError, match="the record of acknowledgements cannot be read"):
        record.known()


@pytest.mark.parametrize("name", ["", " ", " Léa", "Léa ", "a\nb", "a\x1b[1m", "x" * 61, "\u202eaeL", "a\u200bb"])
def test_a_name_has_up_to_60_visible_characters(path, record, name):
    with pytest.raises(ValueError, match="must have 1 to 60 visible characters"):
        record.append(Acknowledgement(NUMBER, name))
    assert not path.exists()


@pytest.mark.parametrize("name", ["L", "x" * 60, "Jean-Rémi O'Neill", "木村", "a\u00a0b", "🙂"])
def test_a_name_may_be_of_any_script(record, name):
    record.append(Acknowledgement(NUMBER, name))
    assert record.known().latest[NUMBER].par == name


@pytest.mark.parametrize("note", ["x" * 501, "two\nlines", "\x00"])
def test_a_note_is_one_line(path, record, note):
    with pytest.raises(ValueError, match="must have at most 500 visible characters, on one line"):
        record.append(Acknowledgement(NUMBER, "Léa", note))
    assert not path.exists()


def test_processes_that_write_at_once_do_not_mix_their_lines(path, record):
    script = """
import sys
from pathlib import Path
from ingestion.reading.acknowledgements import Acknowledgement, Acknowledgements
record = Acknowledgements(Path(sys.argv[1]))
for number in range(15):
    record.append(Acknowledgement("20261130-1005-volume", sys.argv[2], f"{number} " + "x" * 400))
"""
    writers = [subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in ("a", "b", "c")]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    known = record.known()
    assert (len(known.entries), known.unreadable) == (45, 0)
    for name in ("a", "b", "c"):
        assert [int(each.note.split()[0]) for each in known.entries if each.par == name] == list(range(15))
    assert all(json.loads(line) for line in path.read_text().splitlines())
