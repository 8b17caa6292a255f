"""The page of the alerts, run without a browser."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from ingestion import queries
from ingestion.queries import CAUSES
from ingestion.reading.acknowledgements import Acknowledged
from ingestion.reading.incidents import Incident, incidents_of
from ingestion.settings import PathSettings, load
from streamlit_app.formats import UNIT
from streamlit_app.gold import incident_texts
from streamlit_app.languages import languages
from tests.unit.app.anomaly_lake import count, incident
from tests.unit.app.gold_lake import publish_gold
from tests.unit.app.incidents_of_now import BEGAN, CLOSED, COMPLETE, COUNTED, GONE, NOW, VOLUME, links, texts

FRENCH, ENGLISH = languages()["fr"], languages()["en"]
each_language = pytest.mark.parametrize("code", languages())


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


WORSE = {"severite": "critique", "score": Decimal("-9.0000")}


def test_an_incident_that_has_changed_says_that_it_was_acknowledged_before(page, publish):
    app = acknowledge(page(publish(VOLUME), "alertes"), "Léa", "soldes")
    publish(VOLUME | WORSE)
    app.run()
    assert "Acquitté par Léa, il y a 0 s, avant qu'il ne change : soldes" in texts(app)
    labels = [each.label for each in app.button]
    assert (FRENCH["acknowledge"] in labels, FRENCH["take_back"] in labels) == (True, False)
    assert any(FRENCH["has_changed"] in each.value for each in app.markdown)
    app = acknowledge(app, "Max")
    assert "Acquitté par Max, il y a 0 s" in texts(app)
    assert "avant qu'il ne change" not in texts(app)


def test_whoever_acknowledges_has_seen_what_the_page_showed(page, publish):
    """Not what has become of it until the button was pressed."""
    app = page(publish(VOLUME), "alertes")
    publish(VOLUME | WORSE)
    app = acknowledge(app, "Léa")
    (line,) = load(PathSettings).acknowledgements.read_text().splitlines()
    noted = json.loads(line)
    assert (noted["severite"], noted["cause"], noted["cle"]) == ("haute", "volume", "total")
    assert "avant qu'il ne change" in texts(app)


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


def test_a_picture_is_made_once_for_a_publication(page, publish, monkeypatch):
    made, picture = [], queries.anomaly_picture
    monkeypatch.setattr(queries, "anomaly_picture", lambda gold, number: made.append(number) or picture(gold, number))
    app = page(publish(VOLUME, GONE), "alertes")
    app.run()
    assert made == [VOLUME["anomalie_id"]]
    app.button(key=f"look_{GONE['anomalie_id']}").click().run()
    assert made == [VOLUME["anomalie_id"], GONE["anomalie_id"]]
    publish(VOLUME, GONE)
    app.run()
    assert made[2:] == [GONE["anomalie_id"]]


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
