"""Languages: each says everything, in its own notation, and each viewer sees his own."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest

import streamlit_app.languages
from ingestion import queries
from streamlit_app import chart_parts, charts, panels, trend_chart
from streamlit_app.filter_bar import PERIODS
from streamlit_app.formats import UNIT
from streamlit_app.language_choice import preferred
from streamlit_app.languages import DEFAULT, languages

FRENCH, ENGLISH = languages()["fr"], languages()["en"]
PARTS = ("labels", "counted", "verdicts", "reasons", "parse_errors")
MOMENT = datetime(2025, 12, 22, 9, 5, 7, tzinfo=UTC)
each_language = pytest.mark.parametrize("code", languages())


def placeholders(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def test_the_languages_are_the_files():
    (folder,) = map(Path, streamlit_app.languages.__path__)
    assert set(languages()) == {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {code: languages()[code].name for code in ("en", "fr")} == {"en": "English", "fr": "Français"}
    assert DEFAULT in languages()


@pytest.mark.parametrize("part", PARTS)
@each_language
def test_a_language_has_every_key_and_no_other(code, part):
    keys, wanted = set(getattr(languages()[code], part)), set(getattr(languages()[DEFAULT], part))
    assert {"missing": wanted - keys, "surplus": keys - wanted} == {"missing": set(), "surplus": set()}


@each_language
def test_a_language_leaves_no_text_empty(code):
    language = languages()[code]
    texts = [text for part in PARTS if part != "counted" for text in getattr(language, part).values()]
    assert all(text.strip() for text in [*texts, language.name])


@each_language
def test_a_text_is_filled_with_as_much_in_every_language(code):
    labels, wanted = languages()[code].labels, languages()[DEFAULT].labels
    assert {key: placeholders(text) for key, text in labels.items()} == {
        key: placeholders(text) for key, text in wanted.items()
    }


@each_language
def test_a_language_has_a_text_for_every_number(code):
    language = languages()[code]
    categories = {language.plural(number) for number in (0, 1, 2, 3, 5, 11, 21, 100, 1_000_000)}
    assert {label: set(forms) for label, forms in language.counted.items()} == dict.fromkeys(
        language.counted, categories
    )
    for label in language.counted:
        assert language.formats.number(5230) in language.count(label, 5230, "more")


@each_language
def test_periods_have_labels_that_mean_one_thing_in_an_address(code):
    """The same label in two languages is the same period."""
    periods = {period: languages()[code][f"period_{period}"] for period in PERIODS}
    for other in languages().values():
        for period, label in periods.items():
            assert {each for each in PERIODS if other[f"period_{each}"] == label} <= {period}


@each_language
def test_a_language_names_all_months_and_days(code):
    formats = languages()[code].formats
    assert (len(set(formats.months)), len(set(formats.short_months))) == (12, 12)
    assert (len(set(formats.days)), len(set(formats.short_days))) == (7, 7)
    assert set(formats.ticks) == {"hour", "day_hour", "day", "month", "year"}


def test_english_figures():
    formats = ENGLISH.formats
    assert formats.euros(Decimal("1234.50")) == "€1,234.50"
    assert formats.euros(Decimal("-0.05")) == "-€0.05"
    assert formats.euros(None) == "-"
    assert formats.number(1_234_567) == "1,234,567"
    assert formats.percentage(Decimal("51.34")) == "51.3%"
    assert formats.evolution(Decimal(110), Decimal(100)) == "+10.0%"
    assert formats.evolution(Decimal(90), Decimal(100)) == "-10.0%"
    assert formats.evolution(Decimal(5000), Decimal(100)) == ">+999%"
    assert formats.evolution(Decimal(5), Decimal(0)) is None


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-1, "0_s ago"), (3, "3_s ago"), (60, "1_min ago"), (7_200, "2_h ago"), (86_400_000, "1,000_d ago")],
)
def test_english_ages(seconds, shown):
    assert ENGLISH.formats.ago(seconds) == shown.replace("_", UNIT)


def test_english_times():
    formats = ENGLISH.formats
    assert formats.instant(MOMENT) == "22 Dec 2025 at 09:05:07 UTC"
    assert formats.clock_hour(MOMENT) == "09:00"
    assert [formats.period(MOMENT, grain).replace(UNIT, " ") for grain in ("hour", "day", "month", "year")] == [
        "22 Dec 2025, 09:00", "22 Dec 2025", "Dec 2025", "2025",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [
        (FRENCH, 0, "0 événement est"),
        (FRENCH, 1, "1 événement est"),
        (FRENCH, 1200, "1\u202f200 événements sont"),
        (ENGLISH, 0, "0 events are"),
        (ENGLISH, 1, "1 event is"),
        (ENGLISH, 1200, "1,200 events are"),
    ],
)
def test_one_and_many(language, number, said):
    assert language.count("lag", number).startswith(said)


def test_vega_writes_as_the_texts_do():
    french, english = FRENCH.formats.vega_locale(), ENGLISH.formats.vega_locale()
    assert french["number"] == {
        "decimal": ",", "thousands": "\u202f", "grouping": [3], "currency": ["", f"{UNIT}€"], "percent": f"{UNIT}%",
    }  # fmt: skip
    assert english["number"] == {
        "decimal": ".", "thousands": ",", "grouping": [3], "currency": ["€", ""], "percent": "%",
    }  # fmt: skip
    assert (french["time"]["shortDays"][1], english["time"]["shortDays"][1]) == ("lun.", "Mon")


def test_a_chart_in_english(published):
    drawn = charts.product_by_country(ENGLISH, queries.aggregated_sales(published.lake.current()), dark=False)
    assert drawn["description"].startswith("Product by country: Casque audio, France, €59.99, 1; Souris sans fil, ")
    assert chart_parts.table(drawn)[0] == {
        "Product": "Casque audio", "Country": "France", "Revenue": "€59.99", "Items sold": "1",
    }  # fmt: skip
    assert "'€' + format(datum.revenue / 1e6, ',.3~r') + 'M'" in str(drawn)


def test_the_trend_in_english(published):
    trend = queries.trend(published.lake.current(), queries.Filters())
    drawn = trend_chart.revenue_trend(ENGLISH, trend, datetime(2025, 12, 23))
    assert drawn["description"].replace(UNIT, " ") == (
        "Revenue by hour, from “22 Dec 2025, 09:00” to “23 Dec 2025, 00:00”: €148.99 in total from 4 sales; "
        "highest: 22 Dec 2025, 10:00, €85.49; lowest: 22 Dec 2025, 11:00, €0.00."
    )
    assert drawn["data"]["values"][-1]["period"].endswith("00:00 (in progress)")
    assert drawn["encoding"]["x"]["axis"]["format"] == "%H:%M"


def test_an_english_spreadsheet_opens_the_download():
    rows = [queries.AggregatedSales("Câble, 2 m", "France", Decimal("1234.50"), 1)]
    assert panels.to_csv(rows, ENGLISH.formats).decode("utf-8-sig").splitlines() == [
        "produit_nom,pays,total_montant,total_quantite",
        '"Câble, 2 m",France,1234.50,1',
    ]


@pytest.mark.parametrize(
    ("locale", "accepted", "code"),
    [
        ("en-GB", None, "en"),
        ("fr-CA", "en", "fr"),
        ("EN_us", None, "en"),
        ("xx-DE", "xx-DE,xx;q=0.9,en;q=0.8,fr;q=0.7", "en"),
        ("xx-DE", "xx, fr;q=0.7, en;q=0.8", "en"),
        ("xx-DE", "xx,en;q=0,fr;q=0.1", "fr"),
        (None, "en;q=high", "en"),
        ("xx-DE", "xx, en; q=0.8, fr ;q=0.5;level=1", "en"),
        (None, "*", "fr"),
        ("../en", ";;,=q", "fr"),
        ("", "", "fr"),
        (None, None, "fr"),
    ],
)
def test_the_browser_says_which_language(locale, accepted, code):
    assert preferred(locale, accepted) == code


def labels_of(app):
    return [metric.label for metric in app.metric]


def test_the_page_in_english(page, published):
    app = page(published.lake, locale="en-GB")
    assert {metric.label: metric.value for metric in app.metric} == {
        "Revenue": "€148.99", "Sales": "4", "Items sold": "7", "Average basket": "€37.25",
    }  # fmt: skip
    assert [each.value for each in app.subheader][:2] == ["Revenue by hour", "By product"]
    assert "as of 1 Jan 2026 at 00:02:00 UTC" in " ".join(each.value for each in app.markdown)


def test_trust_in_english(page, tiny):
    tiny.publish([(1, "Souris sans fil", "France", "Particulier", "2025-12-22T10:00:00", 1, "25.50")])
    tiny.publish(rejected=[(0, "illisible", b"x" * 3000), (1, "conflit", None)])
    app = page(tiny.lake, "confiance", locale="en-GB")
    assert labels_of(app) == ["Read", "Valid", "Rejected", "Duplicates"]
    rows = app.dataframe[-1].value
    assert rows["Reason"].tolist() == ["Conflicts with a known sale", "Unreadable"]
    assert rows["Bytes"].tolist() == ["-", "3,000"]
    assert rows["Content"].tolist()[1].endswith(" … (3,000 bytes in total)")


@pytest.mark.parametrize(
    ("locale", "lang", "label"),
    [
        ("en-GB", "fr", "Chiffre d'affaires"),
        ("fr-FR", "en", "Revenue"),
        ("en-GB", "xx", "Revenue"),
        ("fr-FR", "", "Chiffre d'affaires"),
        ("xx-DE", "__init__", "Chiffre d'affaires"),
        (None, ["en", "fr"], "Chiffre d'affaires"),
    ],
)
def test_the_address_comes_before_the_browser_if_it_makes_sense(page, published, locale, lang, label):
    app = page(published.lake, locale=locale, lang=lang)
    assert labels_of(app)[0] == label
    assert not app.error
    assert not app.toast


def test_the_selector_is_kept_in_the_address_and_on_the_other_page(page, published):
    app = page(published.lake, periode="Tout")
    app.selectbox(key="language_choice").set_value("en").run()
    assert labels_of(app)[0] == "Revenue"
    assert app.query_params["lang"] == "en"
    assert app.session_state["periode"] == "all"
    app.switch_page("app_pages/confiance.py").run()
    assert labels_of(app)[0] == "Read"
    assert app.query_params["lang"] == "en"


@pytest.mark.parametrize(("lang", "asked"), [("en", "Tout"), ("fr", "All"), ("en", "All"), ("fr", "Tout")])
def test_a_link_of_one_language_may_be_opened_in_another(page, published, lang, asked):
    published.publish([(2, "Casque audio", "Spain", "Particulier", "1970-01-01T00:00:00", 1, "0.01")])
    app = page(published.lake, lang=lang, periode=asked)
    assert app.metric[0].value == languages()[lang].formats.euros(Decimal("149.00"))


def test_two_viewers_at_once_each_see_their_own_language(page, published):
    english = page(published.lake, locale="en-GB")
    french = page(published.lake, locale="fr-FR", keep_caches=True)
    assert english.run().metric[0].value == "€148.99"
    assert french.run().metric[0].value == f"148,99{UNIT}€"
    for app, column in ((english, "Revenue"), (french, "Chiffre d'affaires")):
        tables = [each.dataframe[0].value for each in app.expander if each.label in ("Table", "Tableau")]
        assert len(tables) == 5
        assert all(column in table for table in tables)
