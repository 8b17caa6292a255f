"""Airflow's pages in a real browser, as its user sees them."""

import re

import pytest
from playwright.sync_api import expect

from ingestion.bench.airflow import password

pytestmark = [pytest.mark.e2e, pytest.mark.airflow]
MODELS = ("ventes_clean_run", "top_produits_run", "assert_slice_holds_test", "bilan_ingestion_run", "clients_seed")


def test_log_in_see_the_models_trigger_and_see_green(stack, airflow, browser):
    address = str(airflow.api.base_url.copy_with(path="")).rstrip("/")
    before = stack.published()
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(address)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(password(stack))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")

    page.goto(f"{address}/dags/{airflow.dag}")
    page.get_by_role("button", name="Show Graph").click()
    page.get_by_role("button", name="Expand all task groups").click()
    for model in MODELS:
        expect(page.locator(f'[data-id="run_silver_processing.{model}"]')).to_be_visible()

    page.get_by_role("button", name="Trigger").click()
    page.locator("[name=element_count]").fill("7")
    page.locator("[name=element_seed]").fill("3")
    page.get_by_role("dialog").get_by_role("button", name="Trigger", exact=True).click()
    page.wait_for_url(re.compile("/runs/manual__"))
    run = page.url.split("/runs/")[1].split("/")[0]
    airflow.wait(run)
    page.goto(f"{address}/dags/{airflow.dag}/runs/{run}")
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    expect(page.get_by_text("Failed", exact=True)).to_have_count(0)
    assert airflow.returned(run, "produce_sales_data")["seed"] == 3
    assert stack.published() == before + 7

    page.get_by_role("link", name="Dashboard").click()
    expect(page.frame_locator("iframe").get_by_text("Chiffre d'affaires").first).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Lineage").click()
    expect(page.frame_locator("iframe").get_by_text("dbt_sales").first).to_be_visible(timeout=30_000)
