"""How long a page of Gold takes in a real browser, on a warm app."""

import time
from collections.abc import Iterator

from infra.bench.cases.api import CHROMIUM_OPTIONS

# with the least number of charts; of alerts, there may be none
PAGES = {"tendances": 1, "produits": 1, "clients": 1, "alertes": 0}
# the footer is the last thing that a page writes; a chart is drawn after its data has come
DRAWN = """least => {
    const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')];
    return document.body.innerText.includes('Table lineage')
        && charts.length >= least && charts.every(chart => chart.querySelector('canvas, svg'));
}"""


def page_seconds(url: str, executable: str, times: int) -> Iterator[dict[str, float]]:
    """Seconds from asking for each page to its last chart; each has been open once before."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            for number in range(times + 1):
                taken = {}
                for name, least in PAGES.items():
                    started = time.perf_counter()
                    page.goto(f"{url}/{name}?lang=en")
                    page.wait_for_function(DRAWN, arg=least, polling=20, timeout=60_000)
                    taken[f"page {name}"] = time.perf_counter() - started
                if number:
                    yield taken
        finally:
            browser.close()
