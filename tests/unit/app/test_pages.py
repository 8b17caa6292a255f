"""The pages, run without a browser: what they show for a tiny lake, an empty one, and a stale one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlparse

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from ingestion.bronze.gaps import Gap, accept_gaps
from ingestion.bronze.isolated_record import Isolated, remember
from ingestion.reading.explain import Trace
from ingestion.reading.freshness import Freshness
from streamlit_app import trust_panels
from streamlit_app.formats import UNIT
from streamlit_app.languages import languages
from streamlit_app.singletons import Sampler

# the language of a browser that says nothing
FRENCH = languages()["fr"]
LABELS = FRENCH.labels


def metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def test_the_headlines_are_the_totals(page, published):
    shown = metrics(page(published.lake))
    assert shown[LABELS["total_montant"]] == f"148,99{UNIT}€"
    assert shown[LABELS["nombre_ventes"]] == "4"
    assert shown[LABELS["panier_moyen"]] == f"37,25{UNIT}€"


def test_a_filter_narrows_every_figure(page, published):
    app = page(published.lake)
    app.multiselect(key="pays").set_value(["France"]).run()
    assert not app.exception
    assert metrics(app)[LABELS["total_montant"]] == f"110,99{UNIT}€"


def test_an_address_with_a_name_that_is_not_there_says_so(page, published):
    app = page(published.lake, pays=["Nowhere\u202e", "UK"])
    assert [each.value for each in app.toast] == [LABELS["unknown_choice"].format("Nowhere\\u202e")]
    assert metrics(app)[LABELS["nombre_ventes"]] == "1"


def test_a_new_slice_is_shown_by_the_next_run(page, published):
    app = page(published.lake)
    published.publish([(2, "Casque audio", "Spain", "Particulier", "2025-12-23T01:00:00", 1, "59.99")])
    app.run()
    assert not app.exception
    assert metrics(app)[LABELS["nombre_ventes"]] == "5"


def test_the_banner_says_when_and_how_old(page, published):
    text = " ".join(each.value for each in page(published.lake).markdown)
    assert LABELS["fresh"] in text
    assert "01/01/2026 à 00:02:00 UTC" in text


def test_a_dead_stream_is_a_warning(page, published):
    dead = Sampler(lambda: Freshness(datetime.now(UTC), None, None, "no_broker"))
    dead._latest = dead._measure()
    (warning,) = page(published.lake, sampler=dead).warning
    assert LABELS["stale"] in warning.value
    assert LABELS["no_broker"] in warning.value


@pytest.mark.parametrize("name", ["ventes", "confiance"])
def test_an_empty_lake_is_no_error(page, tiny, name):
    assert LABELS["empty"] in [info.value for info in page(tiny.lake, name).info]


def test_the_balance_is_shown_as_a_sum(page, tiny):
    tiny.publish([(1, "Souris sans fil", "France", "Particulier", "2025-12-22T10:00:00", 1, "25.50")])
    tiny.publish(rejected=[(0, "illisible", b"caf\xe9"), (1, "conflit", None)])
    app = page(tiny.lake, "confiance")
    shown = metrics(app)
    assert [shown[LABELS[name]] for name in ("rows_read", "rows_clean", "rows_rejected")] == ["3", "1", "2"]
    assert LABELS["balanced"] in [each.value for each in app.success]


def test_accepted_losses_are_shown_where_there_are_any(page, published):
    assert LABELS["losses"] not in [each.value for each in page(published.lake, "confiance").subheader]
    published.bronze.mkdir(parents=True)
    accept_gaps(published.bronze, [Gap(2, 1200, 2000), Gap(0, 4, 7)])
    app = page(published.lake, "confiance")
    assert LABELS["losses"] in [each.value for each in app.subheader]
    assert "803" in app.warning[0].value
    assert app.dataframe[0].value[LABELS["events"]].tolist() == [3, 800]


def test_isolated_events_are_shown_where_there_are_any(page, published):
    assert LABELS["isolated"] not in [each.value for each in page(published.lake, "confiance").subheader]
    published.bronze.mkdir(parents=True)
    moments = [datetime(2026, 11, 25, 10, minute, tzinfo=UTC) for minute in range(60)]
    remember(published.bronze, [Isolated(1, 100 + n, 250_000_000, moment) for n, moment in enumerate(moments)])
    app = page(published.lake, "confiance")
    assert LABELS["isolated"] in [each.value for each in app.subheader]
    assert "60" in app.warning[0].value
    assert app.dataframe[0].value[LABELS["offset"]].tolist() == list(range(159, 109, -1))


def test_a_sale_is_followed_to_its_bytes(page, published, monkeypatch):
    moment = datetime(2025, 12, 22, 10, tzinfo=UTC)
    trace = Trace("12", 1, 34, moment, 2, "rejete", "montant_negatif", b'{"montant": -1, "x": "\xff"}')
    unreadable = Trace(None, 1, 35, moment, 2, "rejete", "illisible", b"\x1b[31m\n{\xe2\x80\xae", "json_invalide")
    found = {12: [trace], (1, 35): [unreadable]}
    monkeypatch.setattr(trust_panels, "explain", lambda wanted: found.get(wanted, []))
    app = page(published.lake, "confiance")
    app.text_input(key="vente_id").set_value("12").run()
    assert app.code[0].value == '{"montant": -1, "x": "\ufffd"}'
    assert "Montant négatif" in [each.value for each in app.text]
    app.text_input(key="vente_id").set_value("13").run()
    assert LABELS["not_found"] in [info.value for info in app.info]
    app.text_input(key="vente_id").set_value("1:35").run()
    assert app.code[0].value == "\\x1b[31m\n{\\u202e"
    assert "Illisible (JSON invalide)" in [each.value for each in app.text]
    app.text_input(key="vente_id").set_value("1:36").run()
    assert LABELS["no_such_place"] in [info.value for info in app.info]
    app.text_input(key="vente_id").set_value("douze").run()
    assert LABELS["not_a_number"] in [error.value for error in app.error]


@pytest.mark.parametrize("code", languages())
def test_a_search_says_why_there_are_no_bytes(page, published, monkeypatch, code):
    moment = datetime(2025, 12, 22, 10, tzinfo=UTC)
    errors = {(2, 40): "vide", (2, 41): "trop_grand"}
    monkeypatch.setattr(
        trust_panels,
        "explain",
        lambda wanted: [Trace(None, *wanted, moment, 2, "rejete", "illisible", None, errors[wanted])],
    )
    app = page(published.lake, "confiance", lang=code)
    for place, said in (("2:40", "tombstone"), ("2:41", "only_in_kafka")):
        app.text_input(key="vente_id").set_value(place).run()
        assert languages()[code][said] in [each.value for each in app.caption]
        assert not app.code


def test_every_chart_has_its_table(page, tiny):
    tiny.publish([(1, "Souris sans fil", "France", "Particulier", "2025-12-22T10:00:00", 1, "1025.50")])
    tiny.publish(rejected=[(0, "illisible", b"x"), (1, "conflit", None)])
    app = page(tiny.lake)
    tables = [each.dataframe[0].value for each in app.expander if each.label == LABELS["table"]]
    assert len(tables) == 5
    assert tables[0][LABELS["hour"]].tolist()[-1] == f"22{UNIT}déc.{UNIT}2025, 10{UNIT}h"
    assert all(each[LABELS["total_montant"]].tolist()[-1] == f"1\u202f025,50{UNIT}€" for each in tables)
    (rejections,) = [each for each in page(tiny.lake, "confiance").expander if each.label == LABELS["table"]]
    assert rejections.dataframe[0].value[LABELS["number"]].tolist() == ["1", "1"]


def test_the_quarantine_shows_any_bytes_and_how_many_there_are(page, tiny):
    values = (b"\x00\x1b[31m\xff", "\u202egnp.exe\n".encode(), b"\xed\xa0\x80", "é".encode() * 1_500_000, b"")
    tiny.publish(rejected=[(-n, "illisible", value) for n, value in enumerate(values)])
    app = page(tiny.lake, "confiance")
    table = app.dataframe[-1].value
    shown = table[LABELS["content"]].tolist()
    assert table[LABELS["size"]].tolist() == ["7", "11", "3", "3\u202f000\u202f000", "0"]
    assert shown[:3] == ["\\x00\\x1b[31m\ufffd", "\\u202egnp.exe\\n", "\ufffd" * 3]
    assert shown[3] == "é" * 1000 + FRENCH.count("cut_off", 3_000_000)
    assert shown[4] == ""


@pytest.mark.parametrize(("year", "grain"), [("1970", "month"), ("0001", "year")])
def test_a_sale_of_long_ago_is_left_out_until_all_is_asked_for(page, published, year, grain):
    published.publish([(2, "Casque audio", "Spain", "Particulier", f"{year}-01-01T00:00:00", 1, "0.01")])
    app = page(published.lake)
    assert metrics(app)[LABELS["total_montant"]] == f"148,99{UNIT}€"
    assert LABELS["trend_hour"] in [each.value for each in app.subheader]
    app = page(published.lake, periode="Tout")
    assert metrics(app)[LABELS["total_montant"]] == f"149,00{UNIT}€"
    assert LABELS[f"trend_{grain}"] in [each.value for each in app.subheader]
    assert not app.exception


def test_the_last_complete_hour_follows_the_clock_while_nothing_waits(page, published):
    def compared(lag):
        sampler = Sampler(lambda: Freshness(datetime(2026, 1, 1, 15, tzinfo=UTC), lag, None, None))
        sampler._latest = sampler._measure()
        app = page(published.lake, sampler=sampler)
        return app.session_state["running"], [each.proto.delta_description for each in app.metric if each.delta]

    published.publish(
        [
            (2, "Casque audio", "Spain", "Particulier", f"2026-01-01T{hour:02d}:00:00", 1, "59.99")
            for hour in (8, 9, 13, 14)
        ],
        closed_at="2026-01-01T10:05:00",
    )
    assert compared(0) == (datetime(2026, 1, 1, 15), [LABELS["against"].format(f"14{UNIT}h", f"13{UNIT}h")] * 4)
    assert compared(7) == (datetime(2026, 1, 1, 10), [LABELS["against"].format(f"9{UNIT}h", f"8{UNIT}h")] * 4)


def test_the_quarantine_says_why_bytes_could_not_be_read(page, tiny):
    tiny.publish(rejected=[(0, "illisible", b"caf\xe9"), (1, "conflit", b"{\n\xe2\x80\xae")])
    tiny.write_bronze([(0, b"caf\xe9", "utf8_invalide"), (1, b"{\n\xe2\x80\xae", None)])
    app = page(tiny.lake, "confiance")
    rows = app.dataframe[-1].value
    assert rows[LABELS["raison"]].tolist() == ["En conflit avec une vente connue", "Illisible (pas en UTF-8)"]
    assert rows[LABELS["content"]].tolist() == ["{\\n\\u202e", "caf\ufffd"]
    assert LABELS["rejected_hint"].format("0:1") in [each.value for each in app.caption]


def test_a_sale_ahead_of_now_is_shown_by_its_time(page, tiny):
    ahead = datetime.now(UTC) + timedelta(hours=2)
    tiny.publish([(2, "Casque audio", "Spain", "Particulier", f"{ahead:%Y-%m-%dT%H:%M:%S}", 1, "59.99")])
    said = " ".join(each.value for each in page(tiny.lake).markdown)
    assert f"dernière vente datée du {FRENCH.formats.instant(ahead)}, en avance sur l'heure actuelle" in said
    assert "il y a -" not in said


@pytest.mark.parametrize("heure", [-62_135_604_000_000_000, -62_135_596_800_000_000, -11_665_605_600_000_000])
def test_a_sale_of_an_older_lake_from_before_all_calendars_stops_no_page(page, published, heure):
    """Written as Spark once did, in the years 0, 1 and 1600."""
    for name, column in (("cube_horaire", "heure"), ("hourly_sales", "heure"), ("ventes_clean", "timestamp")):
        table = DeltaTable(str(published.silver / name))
        first = Path(unquote(urlparse(table.file_uris()[0]).path))
        rows = pq.read_table(first, partitioning=None)
        moments = pa.array([heure] * len(rows), pa.int64()).cast(pa.timestamp("us", "UTC"))
        rows = rows.set_column(rows.schema.get_field_index(column), column, moments)
        pq.write_table(rows, first, use_deprecated_int96_timestamps=True)
    app = page(published.lake, periode="Tout")
    assert metrics(app)[LABELS["nombre_ventes"]] == "4"
    assert not app.warning
