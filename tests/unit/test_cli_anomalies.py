"""`sales anomalies`: what is out of the ordinary, and who has seen it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra import cli
from ingestion.settings import PathSettings, load
from tests.unit.app.anomaly_lake import count, incident, publish_watch

BEGAN = datetime(2026, 11, 30, 10, 5, tzinfo=UTC)
NUMBER = "20261130-1005-volume"
ROWS = [
    incident("volume", BEGAN, BEGAN + timedelta(minutes=30)),
    incident("pays", BEGAN - timedelta(days=2), BEGAN - timedelta(days=1), cle="Spain", is_open=False),
]
COUNTED = [count(BEGAN - timedelta(days=5), "volume", "total", 9), count(BEGAN, "complet", "total", 1)]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(own_folders: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    def run_verb(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["anomalies", *arguments])
        written = capfd.readouterr()
        return int(ended.value.code or 0), written.out, written.err

    return run_verb


@pytest.fixture
def watched(run: Run) -> Run:
    publish_watch(load(PathSettings).gold, BEGAN + timedelta(minutes=5), anomalies=ROWS, mesures=COUNTED)
    return run


def test_an_empty_lake_has_not_been_watched(run: Run) -> None:
    code, out, _ = run()
    assert code == 0
    assert out.splitlines() == ["there are no open incidents", "no run of Gold has looked for anomalies yet"]


def test_open_incidents_are_listed_with_the_state_of_the_watch(watched: Run) -> None:
    code, out, _ = watched()
    assert code == 0
    (row,) = [line for line in out.splitlines() if line.startswith(NUMBER)]
    assert "42.00 (20.50 to 63.50)" in row
    assert "Spain" not in out
    assert "1 open incident" in out.splitlines()
    assert "learning: 4 of 14 days of history" in out
    assert "everything that arrived before 2026-11-30 10:10:00 UTC was looked at" in out


def test_all_are_listed_on_request(watched: Run) -> None:
    assert "Spain" in watched("--all")[1]
    assert "1 of 2 incidents shown (--limit)" in watched("--all", "--limit", "1")[1]


def test_an_incident_is_acknowledged_and_taken_back(watched: Run) -> None:
    assert watched("ack", NUMBER, "--by", "Léa", "--note", "winter sales")[:2] == (0, f"{NUMBER} is acknowledged\n")
    out = watched()[1]
    assert "acquittee" in out
    assert "Léa" in out
    assert "winter sales" in out
    undone = watched("ack", NUMBER, "--by", "Max", "--undo")
    assert undone[:2] == (0, f"{NUMBER} is no longer acknowledged\n")
    assert "acquittee" not in watched()[1]
    assert len(load(PathSettings).acknowledgements.read_text().splitlines()) == 2


def test_an_incident_that_has_become_worse_is_open_again(watched: Run) -> None:
    watched("ack", NUMBER, "--by", "Léa")
    (line,) = load(PathSettings).acknowledgements.read_text().splitlines()
    noted = json.loads(line)
    assert (noted["severite"], noted["cause"], noted["cle"]) == ("haute", "volume", "total")
    worse = {"anomalies": [ROWS[0] | {"severite": "critique"}], "mesures": COUNTED}
    publish_watch(load(PathSettings).gold, BEGAN + timedelta(minutes=10), **worse)
    out = watched()[1]
    assert "acquittee" not in out
    assert "Léa, before it changed" in " ".join(out.split())
    watched("ack", NUMBER, "--by", "Max")
    assert "acquittee" in watched()[1]


def test_incidents_that_began_together_are_told_apart(watched: Run) -> None:
    together = {"anomalies": [ROWS[0], ROWS[0] | {"anomalie_id": f"{NUMBER}-2"}], "mesures": COUNTED}
    publish_watch(load(PathSettings).gold, BEGAN + timedelta(minutes=10), **together)
    assert watched("ack", f"{NUMBER}-2", "--by", "Léa")[:2] == (0, f"{NUMBER}-2 is acknowledged\n")
    states = {line.split()[0]: "acquittee" in line for line in watched()[1].splitlines() if line.startswith(NUMBER)}
    assert states == {NUMBER: False, f"{NUMBER}-2": True}


def test_an_unknown_incident_is_refused(watched: Run) -> None:
    code, _, err = watched("ack", "20260101-0000-plat", "--by", "Léa")
    assert (code, err) == (1, "sales: there is no incident '20260101-0000-plat'; sales anomalies --all lists them\n")


@pytest.mark.parametrize(("option", "value"), [("--by", " "), ("--by", "x" * 61), ("--note", "x" * 501)])
def test_a_wrong_name_or_note_is_wrong_usage(watched: Run, option: str, value: str) -> None:
    code, _, err = watched("ack", NUMBER, *(("--by", "Léa") if option == "--note" else ()), option, value)
    assert code == 2
    assert f"{option} must have" in err
    assert not load(PathSettings).acknowledgements.exists()


def test_lines_that_cannot_be_read_are_counted(watched: Run) -> None:
    record = load(PathSettings).acknowledgements
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("{\n")
    assert f"left out, because they cannot be read: 1 lines of {record}" in watched()[1]


def test_the_name_is_required(watched: Run) -> None:
    code, _, err = watched("ack", NUMBER)
    assert code == 2
    assert "--by" in err
