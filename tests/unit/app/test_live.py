"""The published totals with, apart from them, what is on the way: as an answer, and as events."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import anyio
import httpx
import pytest
from fastapi.testclient import TestClient

from ingestion import queries
from ingestion.tail.judging import TailSale, TailView
from ingestion.tail.watcher import Watcher
from streamlit_app import trend_chart
from streamlit_app.api import live_routes
from streamlit_app.api.application import create_app
from streamlit_app.languages import languages

HOUR = int(datetime(2025, 12, 23, 9, tzinfo=UTC).timestamp()) * 1_000_000


def sale(offset: int, pays: str = "France", montant: int = 1050) -> TailSale:
    return TailSale(0, offset, 1000 + offset, HOUR, 2, montant, "Livre Data Science", pays, "Particulier")


def view(tranche: int, *sales: TailSale, age: timedelta = timedelta(0), begins: int = 4) -> TailView:
    end = max([begins, *(each.offset + 1 for each in sales)])
    return TailView(datetime.now(UTC) - age, tranche, {0: begins}, {0: end}, sales, True)


@pytest.fixture
def tail(published):
    return Watcher(published.lake)


@pytest.fixture
def live(published, sampler, tail):
    return TestClient(create_app(published.lake, sampler, tail))


def test_published_and_provisional_stand_apart(live, tail, published):
    tail.show(view(2, sale(4), sale(5, "UK", montant=7)))
    answer = live.get("/api/live")
    assert answer.headers["Cache-Control"] == "no-store"
    body = json.loads(answer.content, parse_float=Decimal)
    assert (body["provisional"], body["tranche"]) == (True, 2)
    assert body["published"] == live.get("/api/overall_statistics").json(parse_float=Decimal)
    assert body["tail"].pop("measured_at")
    assert body["tail"] == {
        "nombre_ventes": 2,
        "total_montant": Decimal("10.57"),
        "total_quantite": 4,
        "is_whole": True,
        "from_offsets": {"0": 4},
        "to_offsets": {"0": 6},
    }


def test_the_filters_are_of_both(live, tail):
    tail.show(view(2, sale(4), sale(5, "UK", montant=7)))
    body = live.get("/api/live?pays=UK&from=2025-12-22T00").json()
    assert body["published"]["nombre_ventes"] == live.get("/api/overall_statistics?pays=UK").json()["nombre_ventes"]
    assert body["tail"]["nombre_ventes"] == 1
    assert live.get("/api/live?to=2025-12-23T09").json()["tail"]["nombre_ventes"] == 0
    assert live.get("/api/live?as_of=1").status_code == 422


def test_a_tail_is_unknown_before_it_is_read_and_when_it_is_old(live, tail):
    assert live.get("/api/live").json()["tail"] is None
    tail.show(view(2, sale(4), age=timedelta(seconds=11)))
    assert live.get("/api/live").json()["tail"] is None


def test_a_sale_is_shown_once_while_its_slice_closes(live, tail, published):
    """The page may be a slice behind the tail, or a slice before it."""
    before = published.lake.current()
    published.publish([(5, "Livre Data Science", "Italy", "Enterprise", "2025-12-23T00:00:00", 3, "12.50")])
    after = published.lake.current()
    ends = after.publication.offsets[0]
    tail.show(view(2, sale(ends - 1), sale(ends), begins=ends - 1))
    assert tail.view(before).totals().nombre_ventes == 2
    assert tail.view(after).totals().nombre_ventes == 1
    tail.show(view(3, sale(ends), begins=ends))
    assert tail.view(before).totals().nombre_ventes == 2
    assert tail.view(after).totals().nombre_ventes == 1
    tail.show(view(3, begins=ends + 1))
    assert tail.view(before).totals().nombre_ventes == 2
    # also while several slices close before it looks again
    tail.show(view(4, begins=ends + 1))
    assert tail.view(before).totals().nombre_ventes == 2


def events(text: str) -> list[dict]:
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]


def test_events_come_with_each_change_and_only_then(published, sampler, tail, monkeypatch):
    monkeypatch.setattr(live_routes, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(live_routes, "LONGEST_STREAM_SECONDS", 2)
    monkeypatch.setattr(live_routes, "SILENT_LOOKS", 3)
    app = create_app(published.lake, sampler, tail)

    async def listen() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return (await client.get("/api/live/events")).text

    async def send() -> None:
        await anyio.sleep(0.3)
        tail.show(view(2, sale(4)))
        await anyio.sleep(0.3)
        tail.show(view(2, sale(4)))

    async def both() -> str:
        async with anyio.create_task_group() as group:
            group.start_soon(send)
            return await listen()

    text = anyio.run(both)
    first, second = events(text)
    assert first["tail"] is None
    assert second["tail"]["nombre_ventes"] == 1
    assert text.startswith("event: live\n")
    assert ": still here\n\n" in text


def test_head_of_the_events_does_not_wait_for_any(live):
    answer = live.head("/api/live/events")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_only_so_many_listen_at_once(published, sampler, tail, monkeypatch):
    monkeypatch.setattr(live_routes, "MOST_LISTENERS", 0)
    answer = TestClient(create_app(published.lake, sampler, tail)).get("/api/live/events")
    assert (answer.status_code, answer.json()["error"]) == (503, "0 clients listen already; ask /api/live instead")


def test_a_stream_is_measured_until_it_begins(published, sampler, tail, monkeypatch):
    monkeypatch.setattr(live_routes, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(live_routes, "LONGEST_STREAM_SECONDS", 0.3)
    api = TestClient(create_app(published.lake, sampler, tail))
    assert api.get("/api/live/events").text.startswith("event: live")
    (count,) = [
        line
        for line in api.get("/metrics").text.splitlines()
        if '/events",status="200"' in line and 'le="0.25"' in line
    ]
    assert count.endswith(" 1.0")


def test_events_take_the_same_parameters(live):
    assert live.get("/api/live/events?pays=").status_code == 422


@pytest.mark.parametrize(
    ("locale", "text"), [("fr", "+ 2 ventes, + 10,57 €, en cours"), ("en", "+ 2 sales, + €10.57, being")]
)
def test_the_page_shows_what_is_on_the_way(page, published, tail, locale, text):
    def said(app):
        (line,) = [each.value for each in app.caption if "hourglass_top" in each.value]
        return line.replace("\u00a0", " ").replace("\u202f", " ")

    assert "inconnues" in said(page(published.lake, tail=tail))
    tail.show(view(2, sale(4), sale(5, "UK", montant=7)))
    assert text in said(page(published.lake, tail=tail, locale=locale))
    assert "+ 1 " in said(page(published.lake, tail=tail, locale=locale, pays="UK"))
    tail.show(replace(view(2, sale(4)), is_whole=False))
    assert "10" in said(page(published.lake, tail=tail, locale="en"))
    assert "More than 1 sale" in said(page(published.lake, tail=tail, locale="en"))
    tail.show(view(2))
    assert "No sales" in said(page(published.lake, tail=tail, locale="en"))


def test_the_trend_ends_with_what_is_on_the_way(page, published, tail):
    tail.show(view(2, sale(4), sale(5, montant=7), sale(6, "UK")))
    app = page(published.lake, tail=tail, locale="en")
    assert not app.exception
    trend = queries.trend(published.lake.current(), queries.Filters())
    (row,) = trend_chart.tail_rows(languages()["en"], trend, tail.view(published.lake.current()).sales)
    assert (row["start"], row["low"], row["high"]) == ("2025-12-23T09:00:00Z", 0.0, 21.07)
    assert row["said"].replace("\u00a0", " ") == "+ 3 sales, + €21.07, being verified"


def test_provisional_revenue_stands_on_the_published(published):
    snapshot = published.lake.current()
    trend = queries.trend(snapshot, queries.Filters())
    (last,) = [each for each in trend.periods if each.debut == datetime(2025, 12, 23)]
    midnight = replace(sale(4), timestamp=int(datetime(2025, 12, 23, tzinfo=UTC).timestamp()) * 1_000_000)
    years_ago = replace(sale(5), timestamp=0)
    (row,) = trend_chart.tail_rows(languages()["fr"], trend, [midnight, years_ago])
    assert (row["low"], row["high"]) == (float(last.total_montant), float(last.total_montant) + 10.5)
    spec = trend_chart.revenue_trend(languages()["fr"], trend, datetime(2025, 12, 23, 1))
    both = trend_chart.with_tail(spec, [row])
    assert (both["layer"][0]["data"], both["description"]) == (spec["data"], spec["description"])
    assert both["datasets"][both["layer"][1]["data"]["name"]].to_dict("records") == [row]


def test_the_first_sales_are_shown_before_anything_is_published(page, tiny):
    tail = Watcher(tiny.lake)
    tail.show(view(0, sale(0), begins=0))
    app = page(tiny.lake, tail=tail, locale="en")
    (line,) = [each.value for each in app.caption if "hourglass_top" in each.value]
    assert "1 sale" in line.replace("\u00a0", " ")
