"""The page of the alerts and the strip on the other pages, run without a browser."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ingestion.queries import CAUSES, GoldSnapshot, LakeUnreadableError
from ingestion.reading.acknowledgements import Acknowledged
from ingestion.reading.incidents import Incident, Watch, incidents_of
from ingestion.settings import PathSettings, load
from streamlit_app import singletons
from streamlit_app.formats import UNIT
from streamlit_app.gold import incident_banner, incident_texts
from streamlit_app.languages import languages
from tests.unit.app.anomaly_lake import count, expectation, incident, publish_watch
from tests.unit.app.gold_lake import publish_gold

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
TICK = timedelta(minutes=5)
COMPLETE = NOW.replace(minute=NOW.minute // 5 * 5) - TICK
BEGAN = COMPLETE - 12 * TICK
VOLUME = incident("volume", BEGAN, COMPLETE, detecteurs="rupture, volume")
GONE = incident(
    "produit",
    BEGAN - timedelta(hours=3),
    COMPLETE - 4 * TICK,
    cle="Casque audio",
    severite="moyenne",
    observe=Decimal(0),
)
CLOSED = incident("pays", BEGAN - timedelta(days=2), COMPLETE - timedelta(days=2), cle="Spain", is_open=False)
COUNTED = [
    count(NOW - timedelta(days=20), "volume", "total", 9),
    count(BEGAN, "volume", "total", 7),
    count(COMPLETE, "complet", "total", 1),
]
FRENCH, ENGLISH = languages()["fr"], languages()["en"]
each_language = pytest.mark.parametrize("code", languages())


def learned():
    start = COMPLETE - timedelta(days=1)
    quarters = (start.replace(minute=0) + number * timedelta(minutes=15) for number in range(100))
    return [expectation(each, "volume", "total", 10_000_000, attendu=40_000_000) for each in quarters]


@pytest.fixture
def publish(published):
    def write(*anomalies, mesures=COUNTED, attentes=None):
        rows = {"anomalies": anomalies, "mesures": mesures, "attentes": learned() if attentes is None else attentes}
        publish_watch(published.silver.parent / "gold", NOW, 2, **{name: list(each) for name, each in rows.items()})
        return published.lake

    return write


def texts(app):
    parts = (app.text, app.caption, app.header, app.subheader, app.info, app.success, app.warning, app.error)
    return " ".join(each.value for part in parts for each in part).replace(UNIT, " ")


def links(app):
    """Label and address of each link to a page."""
    return [(each.proto.label, each.proto.query_string) for each in app.get("page_link")]


@each_language
def test_the_page_asks_its_question_and_lists_open_incidents_first(page, publish, code):
    words = languages()[code]
    app = page(publish(VOLUME, GONE, CLOSED), "alertes", lang=code)
    assert [each.value for each in app.header] == [words["alerts_question"]]
    assert words.count("open_incidents", 2) in texts(app)
    (rows,) = [each.value for each in app.dataframe if words["began"] in each.value.columns]
    assert rows[words["cause"]].tolist() == [words["says_part_baisse"].format("Spain")]


def test_an_incident_is_told_in_words(page, publish):
    said = texts(page(publish(VOLUME, GONE), "alertes"))
    assert "Moins d'événements que d'habitude : 12 en une heure, pour environ 42 attendus (entre 20 et 64)." in said
    assert "« Casque audio » a disparu des ventes : 0 en une heure" in said
    # the volume alarmed in the last complete tick, the product twenty minutes before
    assert said.count("Cela dure encore.") == 1
    assert said.count("Dernière alerte : il y a ") == 1
    assert "Ce qui a alerté : Rupture, Volume" in said


def test_a_button_opens_the_picture_of_its_incident(page, publish):
    app = page(publish(VOLUME, GONE), "alertes")
    assert app.selectbox(key="anomalie").value == VOLUME["anomalie_id"]
    app.button(key=f"look_{GONE['anomalie_id']}").click().run()
    assert not app.exception
    assert app.selectbox(key="anomalie").value == GONE["anomalie_id"]
    assert (FRENCH["open_sales"], "produit=Casque+audio&lang=fr") in links(app)


def test_an_address_may_name_an_incident(page, publish):
    app = page(publish(VOLUME, GONE), "alertes", anomalie=GONE["anomalie_id"])
    assert app.selectbox(key="anomalie").value == GONE["anomalie_id"]
    app = page(publish(VOLUME, GONE), "alertes", anomalie="20260101-0000-plat")
    assert app.selectbox(key="anomalie").value == VOLUME["anomalie_id"]


def test_before_any_run_has_watched_the_page_says_so(page, published):
    publish_gold(published, tranche=2)
    assert FRENCH["no_watch"] in texts(page(published.lake, "alertes"))


def test_a_watch_that_learns_says_how_much_it_knows(page, publish):
    young = [count(COMPLETE - timedelta(days=5, hours=1), "volume", "total", 1), COUNTED[-1]]
    said = texts(page(publish(mesures=young, attentes=[]), "alertes"))
    known = (COMPLETE.replace(hour=0, minute=0) - (COMPLETE - timedelta(days=5, hours=1)).replace(minute=0)).days
    assert f"{known} jours d'historique sur les 14 nécessaires" in said
    assert FRENCH["nothing_unusual"] not in said


def test_nothing_unusual_is_good_news(page, publish):
    assert FRENCH["nothing_unusual"] in texts(page(publish(), "alertes"))


def acknowledge(app, name, note=""):
    app.text_input[0].set_value(name)
    app.text_input[1].set_value(note)
    next(each for each in app.button if each.label == FRENCH["acknowledge"]).click()
    return app.run()


def test_who_acknowledges_is_told_and_kept(page, publish):
    app = acknowledge(page(publish(VOLUME), "alertes"), " Léa ", "soldes **d'hiver**")
    assert not app.exception
    assert "Acquitté par Léa, il y a 0 s : soldes **d'hiver**" in texts(app)
    (line,) = load(PathSettings).acknowledgements.read_text().splitlines()
    assert json.loads(line)["par"] == "Léa"
    next(each for each in app.button if each.label == FRENCH["take_back"]).click()
    app.run()
    assert "Acquitté par" not in texts(app)
    (history,) = [each.value for each in app.dataframe if FRENCH["said_what"] in each.value.columns]
    assert history[FRENCH["said_what"]].tolist() == [FRENCH["said_acknowledged"], FRENCH["said_taken_back"]]


@pytest.mark.parametrize(("name", "note", "rule"), [(" ", "", "name_rule"), ("Léa", "a\u202eb", "note_rule")])
def test_a_wrong_name_or_note_is_explained(page, publish, name, note, rule):
    app = acknowledge(page(publish(VOLUME), "alertes"), name, note)
    assert [each.value for each in app.error] == [FRENCH[rule]]
    assert not load(PathSettings).acknowledgements.exists()


def test_what_cannot_be_written_is_said(page, publish, caplog):
    app = page(publish(VOLUME), "alertes")
    # no file can be made where a folder is
    load(PathSettings).acknowledgements.with_name(".acquittements.lock").mkdir(parents=True)
    acknowledge(app, "Léa")
    assert FRENCH["not_kept"] in [each.value for each in app.error]
    assert "could not be written" in caplog.text


def test_lines_that_cannot_be_read_are_counted(page, publish):
    record = load(PathSettings).acknowledgements
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("{\n[]\n")
    app = page(publish(VOLUME), "alertes")
    assert FRENCH.count("unreadable_lines", 2) in [each.value for each in app.warning]


@pytest.mark.parametrize("name", ["ventes", "confiance"])
def test_other_pages_show_a_strip_until_somebody_has_acknowledged(page, publish, name):
    lake = publish(VOLUME, GONE)
    label = FRENCH.count("urgent", 1, "Volume")
    assert (label, "lang=fr") in links(page(lake, name))
    Watch(lake).acknowledge(VOLUME["anomalie_id"], "Léa")
    assert label not in [each for each, _ in links(page(lake, name))]


def test_the_page_itself_has_no_strip(page, publish):
    assert FRENCH.count("urgent", 1, "Volume") not in [each for each, _ in links(page(publish(VOLUME), "alertes"))]


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
    Watch(lake).acknowledge(VOLUME["anomalie_id"], "Léa")
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


def test_incidents_are_read_once_for_a_publication(publish, monkeypatch):
    lake = publish(VOLUME)
    watch = Watch(lake)
    seen = watch.seen()
    monkeypatch.setattr(GoldSnapshot, "rows", lambda *_, **__: pytest.fail("read again"))
    assert watch.seen() is seen


def told(cause, sens, **others):
    values = incident(cause, BEGAN, COMPLETE, sens=sens, **others)
    return Incident(**values, acquittee_par=None, acquittee_a=None, note=None)


SENS = {
    **dict.fromkeys(("volume", "rupture", "partition", "produit", "pays", "segment", "panier"), ("hausse", "baisse")),
    **dict.fromkeys(("doublon", "rejet", "vide", "prix", "retard"), ("hausse",)),
    **dict.fromkeys(("silence", "plat"), ("baisse",)),
}


@each_language
@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_has_its_sentence(code, cause):
    words, said = languages()[code], set()
    for sens in SENS[cause]:
        for fenetre in ("15min", "1h", "4h", "depuis", "2h"):
            text = incident_texts.what(words, told(cause, sens, cle="vente_id_invalide", fenetre=fenetre))
            assert text.endswith(".")
            assert "{" not in text
            said.add(text)
    assert len(said) == len(SENS[cause]) * (1 if cause == "plat" else 5)


def test_amounts_reasons_and_numbers_are_written_as_the_language_writes_them():
    basket = told("panier", "hausse", observe=Decimal("1234.50"))
    assert "€1,234.50 in one hour" in incident_texts.what(ENGLISH, basket)
    rejected = told("rejet", "hausse", cle="illisible", attendu=Decimal("3.14"))
    assert (
        incident_texts.what(FRENCH, rejected)
        .replace(UNIT, " ")
        .startswith(
            "Plus d'événements rejetés que d'habitude (« Illisible ») : 12 en une heure, pour environ 3,1 attendus"
        )
    )


def test_the_chart_shows_what_was_observed_and_expected(page, publish):
    app = page(publish(VOLUME), "alertes")
    (table,) = [each.value for each in app.dataframe if FRENCH["bande"] in each.value.columns]
    (row,) = [row for row in table.to_dict("records") if row[FRENCH["observe"]] == "7"]
    assert row[FRENCH["attendu"]] == "40"
    assert row[FRENCH["bande"]] == "de 7,1 à 73"
    (chart,) = [json.loads(each.proto.spec) for each in app.get("vega_lite_chart")]
    assert any(layer["mark"].get("strokeDash") for layer in chart["layer"] if isinstance(layer["mark"], dict))
    assert chart["description"].startswith(FRENCH["unit_evenements"])


def test_a_closed_incident_says_from_when_to_when(publish):
    lake = publish(CLOSED)
    (closed,) = incidents_of(lake.gold(), Acknowledged())
    said = incident_texts.how_it_goes(ENGLISH, closed, None, NOW)
    assert said == f"From {ENGLISH.formats.minute(closed.debut)} to {ENGLISH.formats.minute(closed.fin)}."


def test_an_unreadable_record_of_acknowledgements_is_no_silence(publish):
    lake = publish(VOLUME)
    load(PathSettings).acknowledgements.mkdir(parents=True)
    with pytest.raises(LakeUnreadableError):
        Watch(lake).seen()


def test_the_process_has_one_watch_for_its_lake(publish, monkeypatch):
    lake = publish(VOLUME)
    monkeypatch.setattr(singletons, "lake", lambda: lake)
    assert singletons.watch() is singletons.watch()
