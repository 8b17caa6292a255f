"""The pages of the marts, run without a browser: trends, products, clients."""

import pytest

from streamlit_app.formats import UNIT
from streamlit_app.languages import languages
from tests.unit.app.gold_lake import publish_gold

LABELS = languages()["fr"].labels
PAGES = ("tendances", "produits", "clients")


@pytest.fixture
def marts(published):
    publish_gold(published, tranche=2)
    return published.lake


def texts(app):
    return " ".join(each.value for each in (*app.caption, *app.header, *app.subheader, *app.info))


def table(app, column):
    """The first table that has this column, as rows of texts."""
    return next(each.value for each in app.dataframe if column in each.value.columns)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("code", languages())
def test_a_page_asks_its_question_and_says_what_it_stands_on(page, marts, name, code):
    labels = languages()[code].labels
    app = page(marts, name, lang=code)
    question = {"tendances": "trends_question", "produits": "products_question", "clients": "clients_question"}[name]
    assert [each.value for each in app.header] == [labels[question]]
    assert labels["gold_of"].partition("{")[0] + "2" in texts(app)


@pytest.mark.parametrize("name", PAGES)
def test_before_the_first_run_of_gold_a_page_says_so(page, published, name):
    assert LABELS["no_gold"] in texts(page(published.lake, name))


def test_the_last_seven_complete_days_are_compared_with_those_before(page, marts):
    """The last day, 28 December, is not complete; the seven before it hold the sales of the 22nd."""
    app = page(marts, "tendances")
    shown = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert shown[LABELS["total_montant"]] == (f"40,01{UNIT}€", f"+471,6{UNIT}%")
    assert shown[LABELS["nombre_ventes"]] == ("3", f"+200,0{UNIT}%")
    assert shown[LABELS["panier_moyen"]] == (f"13,34{UNIT}€", f"+90,5{UNIT}%")


def test_a_filter_narrows_the_days(page, marts):
    app = page(marts, "tendances")
    app.multiselect(key="pays").set_value(["Italy"]).run()
    assert not app.exception
    assert LABELS["no_match"] in texts(app)


def test_products_have_their_places_and_lead_to_their_sales(page, marts):
    app = page(marts, "produits")
    rows = table(app, LABELS["classe_abc"]).to_dict("records")
    assert [(row[LABELS["produit"]], row[LABELS["rank"]], row[LABELS["gain_rang"]]) for row in rows] == [
        ("Souris sans fil", "1", "▲ 1"),
        ("Casque audio", "-", "-"),
    ]
    assert app.selectbox[-1].options == ["Souris sans fil", "Casque audio"]


def test_a_class_opens_to_its_clients_and_a_client_to_his_sales(page, marts):
    app = page(marts, "clients")
    assert list(table(app, LABELS["client"])[LABELS["client"]]) == ["Jean", "Maria"]
    app.selectbox(key="classe").select("perdu").run()
    app.text_input(key="client").set_value("mar").run()
    assert list(table(app, LABELS["client"])[LABELS["client"]]) == ["Maria"]
    app.text_input(key="client").set_value("1").run()
    app.selectbox(key="classe").select("champion").run()
    assert not app.exception
    assert list(table(app, LABELS["client"])[LABELS["client"]]) == ["Jean"]
    app.selectbox(key="ventes_de").select_index(0).run()
    assert not app.exception
    sales = table(app, LABELS["vente"])
    assert list(sales[LABELS["vente"]]) == [
        "/confiance?vente_id=2&lang=fr",
        "/confiance?vente_id=0&lang=fr",
    ]
    assert list(sales[LABELS["total_montant"]]) == [f"59,99{UNIT}€", f"51,00{UNIT}€"]
