"""The strip on every page while something serious is open, and when a page that is open learns of something new."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingestion.queries import GoldSnapshot, LakeUnreadableError
from ingestion.reading.incidents import Watch
from ingestion.settings import PathSettings, load
from streamlit_app import singletons
from streamlit_app.gold import incident_banner
from streamlit_app.languages import languages
from tests.unit.app.incidents_of_now import CLOSED, COMPLETE, GONE, VOLUME, links

FRENCH = languages()["fr"]


@pytest.mark.parametrize("name", ["ventes", "confiance"])
def test_other_pages_show_a_strip_until_somebody_has_acknowledged(page, publish, name):
    lake = publish(VOLUME, GONE)
    label = FRENCH.count("urgent", 1, "Volume")
    assert (label, "lang=fr") in links(page(lake, name))
    say_seen(lake, VOLUME)
    assert label not in [each for each, _ in links(page(lake, name))]
    # worse than what Léa has seen
    publish(VOLUME | {"severite": "critique"}, GONE)
    assert (label, "lang=fr") in links(page(lake, name))


def test_the_page_itself_has_no_strip(page, publish):
    assert FRENCH.count("urgent", 1, "Volume") not in [each for each, _ in links(page(publish(VOLUME), "alertes"))]


def say_seen(lake, row):
    watch = Watch(lake)
    watch.acknowledge(watch.find(row["anomalie_id"]), "Léa")


def test_a_page_that_is_open_learns_of_another_incident(publish, monkeypatch):
    """Also while nothing is published: a silence brings no slice."""
    lake = publish()
    monkeypatch.setattr(singletons, "lake", lambda: lake)
    monkeypatch.setattr(incident_banner.st, "session_state", {})
    assert incident_banner.urgent_incidents() == ()
    assert not incident_banner.is_outdated()
    publish(VOLUME)
    assert incident_banner.is_outdated()
    assert [each.cause for each in incident_banner.urgent_incidents()] == ["volume"]
    assert not incident_banner.is_outdated()
    say_seen(lake, VOLUME)
    assert incident_banner.is_outdated()


def test_a_page_that_is_open_learns_how_far_the_watch_has_come(publish, monkeypatch):
    """Nothing urgent, no slice and no new hour: an incident goes on, and closes, all the same."""
    lake = publish(GONE)
    monkeypatch.setattr(singletons, "lake", lambda: lake)
    monkeypatch.setattr(incident_banner.st, "session_state", {})
    incident_banner.urgent_incidents()
    with monkeypatch.context() as patch:
        patch.setattr(GoldSnapshot, "rows", lambda *_, **__: pytest.fail("a look at what is known reads nothing"))
        assert not incident_banner.is_outdated()
    publish(GONE | {"derniere_alerte": COMPLETE})
    assert incident_banner.is_outdated()
    incident_banner.urgent_incidents()
    assert not incident_banner.is_outdated()


def test_a_page_that_could_not_read_the_incidents_learns_of_them(publish, monkeypatch):
    lake = publish(VOLUME)
    record = load(PathSettings).acknowledgements
    record.mkdir(parents=True)
    monkeypatch.setattr(singletons, "lake", lambda: lake)
    monkeypatch.setattr(incident_banner.st, "session_state", {})
    assert incident_banner.urgent_incidents() == ()
    assert not incident_banner.is_outdated()
    record.rmdir()
    assert incident_banner.is_outdated()


def test_what_is_only_moderate_or_closed_calls_for_no_attention(page, publish):
    assert links(page(publish(GONE, CLOSED))) == []


def test_a_gold_that_cannot_be_read_breaks_no_other_page(page, publish, published, caplog):
    lake = publish(VOLUME)
    for file in (published.silver.parent / "gold" / "anomalies").glob("*.parquet"):
        file.unlink()
    app = page(lake)
    assert (len(app.metric), links(app)) == (4, [])
    assert "table anomalies cannot be read" in caplog.text
    broken = page(lake, "alertes")
    assert FRENCH["unreadable"] in [each.value for each in broken.warning]


def test_viewers_who_come_at_once_wait_for_the_one_who_reads(publish, monkeypatch):
    watch, read, rows = Watch(publish(VOLUME)), [], GoldSnapshot.rows

    def slow(gold, mart, sql, **parameters):
        read.append(mart)
        time.sleep(0.05)
        return rows(gold, mart, sql, **parameters)

    monkeypatch.setattr(GoldSnapshot, "rows", slow)
    with ThreadPoolExecutor(4) as viewers:
        seen = list(viewers.map(lambda _: watch.seen(), range(4)))
    assert read.count("anomalies") == 1
    assert all(each is seen[0] for each in seen)


def test_incidents_are_read_once_for_a_publication(publish, monkeypatch):
    lake = publish(VOLUME)
    watch = Watch(lake)
    seen = watch.seen()
    monkeypatch.setattr(GoldSnapshot, "rows", lambda *_, **__: pytest.fail("read again"))
    assert watch.seen() is seen


def test_an_unreadable_record_of_acknowledgements_is_no_silence(publish):
    lake = publish(VOLUME)
    load(PathSettings).acknowledgements.mkdir(parents=True)
    with pytest.raises(LakeUnreadableError):
        Watch(lake).seen()


def test_the_process_has_one_watch_for_its_lake(publish, monkeypatch):
    lake = publish(VOLUME)
    monkeypatch.setattr(singletons, "lake", lambda: lake)
    assert singletons.watch() is singletons.watch()
