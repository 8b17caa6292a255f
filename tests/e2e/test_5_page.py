"""The page in a real browser shows the figures that the API returns, in the language of the browser."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.e2e


def euros(amount: Decimal) -> str:
    """As the French page writes money: 1 234,50 €, with non-breaking spaces."""
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",") + " €"


@pytest.fixture
def opened(browser: Browser, stack) -> Iterator[Callable[[str, str], Page]]:
    """Opens an address of the page in a browser of that locale."""
    contexts = []

    def open_page(locale: str, address: str) -> Page:
        contexts.append(browser.new_context(locale=locale, viewport={"width": 1280, "height": 900}))
        page = contexts[-1].new_page()
        page.goto(f"{stack.url}/{address}")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def total(stack) -> Decimal:
    stack.publish_all()
    return Decimal(str(stack.get("/api/overall_statistics")["total_montant"]))


def test_the_headline_is_the_apis_total(total, opened):
    page = opened("fr-FR", "?periode=Tout")
    expect(page.locator("body")).to_contain_text(euros(total), timeout=30_000)
    expect(page.locator("body")).to_contain_text("Chiffre d'affaires")
    # what a screen reader says of the trend
    trend = page.get_by_label(f"{euros(total)} en tout")
    expect(trend).to_have_attribute("role", "graphics-document", timeout=30_000)
    expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_an_english_browser_gets_an_english_page(total, opened):
    page = opened("en-GB", "?periode=All")
    expect(page.locator("body")).to_contain_text(f"€{total:,.2f}", timeout=30_000)
    expect(page.locator("body")).to_contain_text("Revenue")
    trend = page.get_by_label(f"€{total:,.2f} in total")
    expect(trend).to_have_attribute("role", "graphics-document", timeout=30_000)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_title("Sales")


def test_a_page_is_printed_whole(total, opened):
    page = opened("en-GB", "?periode=All")
    expect(page.locator("body")).to_contain_text("Top ten products", timeout=30_000)
    page.evaluate("window.print = () => { window.printed = (window.printed ?? 0) + 1 }")
    page.get_by_role("button", name="Print or save as PDF").click()
    page.wait_for_function("window.printed === 1", timeout=30_000)
    # the whole page, not the part of it that the window shows
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) > 1


def test_the_selector_changes_the_language_and_the_address_keeps_it(total, opened):
    page = opened("fr-FR", "?periode=Tout")
    expect(page.locator("body")).to_contain_text(euros(total), timeout=30_000)
    page.get_by_role("combobox", name="Langue").click()
    page.get_by_role("option", name="English").click()
    expect(page.locator("body")).to_contain_text(f"€{total:,.2f}", timeout=30_000)
    # the period goes along
    expect(page).to_have_url(re.compile("periode=All&lang=en"))
    page.reload()
    expect(page.locator("body")).to_contain_text(f"€{total:,.2f}", timeout=30_000)
    page.get_by_role("link", name="Can I trust this?").click()
    expect(page.get_by_role("heading", name="Can I trust this?")).to_be_visible(timeout=30_000)
    expect(page).to_have_url(re.compile("/confiance.lang=en"))
