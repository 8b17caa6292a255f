"""The DAG through the real scheduler: started in a browser, its results asked by Airflow's REST API."""

import os
import re
import time
from dataclasses import replace

import httpx
import pytest
from playwright.sync_api import expect

from infra.testbed.dags import password, passwords_file
from infra.testbed.embedded import until
from ingestion.lake.gold_ledger import newest_gold

pytestmark = [pytest.mark.e2e, pytest.mark.airflow]
IN_THE_GRAPH = ("clients_seed", "ventes_clean_run", "assert_slice_holds_test", "bilan_ingestion_run")


def address(airflow):
    return str(airflow.api.base_url.copy_with(path="")).rstrip("/")


@pytest.fixture(scope="module")
def page(stack, airflow, browser):
    """Airflow's page of the DAG, its user logged in."""
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(address(airflow))
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(password(stack))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address(airflow)}/")
    page.goto(f"{address(airflow)}/dags/{airflow.dag}")
    yield page
    page.close()


def test_nobody_without_the_password(stack, airflow):
    assert passwords_file(stack).stat().st_mode & 0o777 == 0o600
    refused = httpx.get(f"{address(airflow)}/api/v2/dags", headers={"Authorization": "Bearer x"})
    assert refused.status_code in (401, 403)
    wrong = {"username": "admin", "password": "admin"}
    assert httpx.post(f"{address(airflow)}/auth/token", json=wrong).status_code == 401


def test_the_graph_shows_a_task_for_each_seed_model_and_test(airflow, page):
    assert airflow.api.get("importErrors").json()["import_errors"] == []
    page.get_by_role("button", name="Show Graph").click()
    page.get_by_role("button", name="Expand all task groups").click()
    for task in IN_THE_GRAPH:
        expect(page.locator(f'[data-id="run_silver_processing.{task}"]')).to_be_visible()


def test_a_run_publishes_what_it_sends(stack, airflow, page):
    until(lambda: stack.state("silver").get("state") == "resting", "the follower rests")
    before = stack.published()
    page.get_by_role("button", name="Trigger").click()
    page.locator("[name=element_count]").fill("20")
    page.locator("[name=element_seed]").fill("3")
    # the box itself is hidden behind a switch
    page.locator("[name=element_dirty]").locator("..").click()
    page.get_by_role("dialog").get_by_role("button", name="Trigger", exact=True).click()
    page.wait_for_url(re.compile("/runs/manual__"))
    run = page.url.split("/runs/")[1].split("/")[0]
    # the page asks Airflow all the time: it would slow the run down
    page.goto("about:blank")
    assert airflow.wait(run).state == "success"
    assert set(airflow.states(run).values()) == {"success"}

    sent, figures = airflow.returned(run, "produce_sales_data"), airflow.returned(run, "verify_final_output")
    assert sent["events"] > 20
    assert sent["seed"] == 3
    assert stack.published() >= before + sent["events"]
    assert figures["events_read"] == figures["clean"] + figures["rejected"] + figures["duplicates"]
    assert "everything agrees" in stack.verify()

    page.goto(f"{address(airflow)}/dags/{airflow.dag}/runs/{run}")
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    page.get_by_role("link", name="Dashboard").click()
    # in the language of the browser, like Airflow itself
    expect(page.frame_locator("iframe").get_by_text("Revenue").first).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Lineage").click()
    graph = page.frame_locator("iframe").get_by_role("heading", name="Graph Exploration")
    expect(graph).to_be_visible(timeout=30_000)


def test_the_run_tells_of_its_tables(airflow):
    """Other DAGs can be scheduled on them."""
    events = airflow.api.get("assets/events", params={"limit": 100}).json()["asset_events"]
    assert {"bronze.ventes_raw", "silver.ventes_clean", "silver.top_produits"} <= {each["name"] for each in events}


def test_gold_is_made_from_what_the_run_has_published(stack, airflow):
    gold = replace(airflow, dag="gold_marts")
    run = gold.trigger()
    assert gold.wait(run).state == "success"
    assert set(gold.states(run).values()) == {"success"}
    made = newest_gold(stack.lake / "gold")
    assert made.silver_versions == stack.versions()
    assert "ledger of Gold" in stack.verify()


def test_a_backfill_is_refused(airflow):
    """It would send the sales of now, in ten runs at once."""
    wanted = {"dag_id": airflow.dag, "from_date": "2025-06-01T00:00:00Z", "to_date": "2025-06-01T00:10:00Z"}
    runs = airflow.get("/dagRuns")["total_entries"]
    answer = airflow.api.post("backfills", json=wanted)
    assert (answer.status_code, "does not allow backfill runs" in answer.text) == (400, True), answer.text
    assert airflow.get("/dagRuns")["total_entries"] == runs
    assert not airflow.get("")["is_backfillable"]


def test_upkeep_tells_what_it_found_and_left(stack, airflow):
    upkeep = replace(airflow, dag="delta_maintenance")
    run = upkeep.trigger()
    assert upkeep.wait(run).state == "success"
    tables = {each["table"]: each for each in upkeep.returned(run, "compact_and_vacuum")}
    assert tables["silver.ventes_clean"]["files_before"] > 0
    metrics = httpx.get(f"{stack.url}/metrics").text
    for moment in ("before", "after"):
        assert f'sales_maintenance_files{{moment="{moment}",table="bronze.ventes_raw"}}' in metrics
    for dag in ("unified_sales_pipeline", "delta_maintenance"):
        # told by another process, a moment after the run has ended
        said = f'sales_dag_last_run_succeeded{{dag="{dag}"}} 1.0'
        until(lambda said=said: said in httpx.get(f"{stack.url}/metrics").text, f"{dag} is told to have succeeded")
    assert "everything agrees" in stack.verify()


def test_airflow_forgets_old_runs_and_no_others(stack, airflow):
    logs = stack.folder / "var" / "airflow" / "logs" / f"dag_id={airflow.dag}"
    old = logs / "run_id=old" / "task_id=produce_sales_data"
    old.mkdir(parents=True)
    aged = time.time() - 4 * 86400
    os.utime(old.parent, (aged, aged))
    known = {run["dag_run_id"] for run in airflow.get("/dagRuns")["dag_runs"]}
    upkeep = replace(airflow, dag="airflow_maintenance")
    run = upkeep.trigger()
    assert upkeep.wait(run).state == "success"
    assert upkeep.returned(run, "forget_runs") == 1
    assert {folder.name.removeprefix("run_id=") for folder in logs.iterdir()} == known
    assert {run["dag_run_id"] for run in airflow.get("/dagRuns")["dag_runs"]} == known
