"""Sales are seen before they are published, apart from the published figures, and are then published as shown."""

import json
import re
from decimal import Decimal

import httpx
import pytest
from playwright.sync_api import Browser, expect

from infra.testbed.embedded import until

pytestmark = pytest.mark.e2e


def tail(stack):
    """The provisional figures as soon as they are whole."""

    def whole():
        found = httpx.get(f"{stack.url}/api/live").json(parse_float=Decimal)
        return found if found["tail"] and found["tail"]["is_whole"] else None

    return until(whole, "the tail is read", 30)


def figures(found):
    return found["nombre_ventes"], found["total_montant"], found["total_quantite"]


def added(before, after):
    return tuple(new - old for old, new in zip(figures(before), figures(after), strict=True))


def test_what_is_on_the_way_is_published_as_it_was_shown(stack, browser: Browser):
    """Every kind of faulty event among them: each is judged as the slice then judges it."""
    stack.sales("produce", "--count", "5")
    stack.publish_all()
    page = browser.new_page(locale="fr-FR")
    page.goto(f"{stack.url}/?periode=Tout")
    line = page.get_by_text("en cours de vérification")
    expect(line).to_have_text("Aucune vente en cours de vérification", timeout=60_000)
    before, compared = tail(stack), stack.state("tail").get("compared", 0)
    with stack.follower_held():
        stack.sales("produce", "--count", "20", "--dirty")
        shown = until(lambda: (found := tail(stack))["tail"]["nombre_ventes"] >= 20 and found, "all are judged", 30)
        assert shown["published"] == before["published"]
        count = shown["tail"]["nombre_ventes"]
        expect(line).to_have_text(re.compile(rf"^\+\s{count}\sventes, \+\s"), timeout=10_000)
    stack.publish_all()
    until(lambda: stack.state("tail").get("compared", 0) > compared, "the slice is compared", 60)
    after = tail(stack)
    assert added(before["published"], after["published"]) == figures(shown["tail"])
    assert figures(after["tail"]) == (0, Decimal("0.00"), 0)
    assert (stack.state("tail")["state"], stack.state("tail")["different"]) == ("equal", 0)
    assert "provisional figures: equal to what was then published" in stack.sales("status")
    expect(line).to_have_text("Aucune vente en cours de vérification", timeout=10_000)
    page.close()


def test_events_tell_each_change(stack):
    stack.publish_all()
    with stack.follower_held(), httpx.stream("GET", f"{stack.url}/api/live/events", timeout=30) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        answers = (json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line.startswith("data: "))
        first = next(answers)
        stack.sales("produce", "--count", "3")
        for found in answers:
            if found["tail"]["nombre_ventes"] == first["tail"]["nombre_ventes"] + 3:
                break
        assert found["published"] == first["published"]
