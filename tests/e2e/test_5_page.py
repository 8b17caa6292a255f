"""The page in a real browser shows the figures that the API returns."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e


def euros(amount: Decimal) -> str:
    """As the page writes money: 1 234,50 €, with non-breaking spaces."""
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",") + " €"


def test_the_headline_is_the_apis_total(stack, browser):
    stack.publish_all()
    total = Decimal(str(stack.get("/api/overall_statistics")["total_montant"]))
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{stack.url}/?periode=Tout")
    expect(page.locator("body")).to_contain_text(euros(total), timeout=30_000)
    # what a screen reader says of the trend
    trend = page.get_by_label(f"{euros(total)} en tout")
    expect(trend).to_have_attribute("role", "graphics-document", timeout=30_000)
