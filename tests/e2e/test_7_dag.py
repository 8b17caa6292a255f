"""The DAG through the real scheduler, asked by Airflow's REST API."""

from dataclasses import replace

import httpx
import pytest

from ingestion.bench.airflow import passwords_file
from ingestion.bench.stack import until

pytestmark = [pytest.mark.e2e, pytest.mark.airflow]


def test_nobody_without_the_password(stack, airflow):
    assert passwords_file(stack).stat().st_mode & 0o777 == 0o600
    address = str(airflow.api.base_url.copy_with(path="/"))
    refused = httpx.get(f"{address}api/v2/dags", headers={"Authorization": "Bearer x"})
    assert refused.status_code in (401, 403)
    wrong = {"username": "admin", "password": "admin"}
    assert httpx.post(f"{address}auth/token", json=wrong).status_code == 401


def test_a_run_publishes_what_it_sends(stack, airflow):
    assert airflow.api.get("importErrors").json()["import_errors"] == []
    until(lambda: stack.state("silver").get("state") == "resting", "the follower rests")
    before = stack.published()
    run = airflow.trigger(count=20, seed=3, dirty=True)
    assert airflow.wait(run).state == "success"
    assert set(airflow.states(run).values()) == {"success"}

    sent, figures = airflow.returned(run, "produce_sales_data"), airflow.returned(run, "verify_final_output")
    assert sent["events"] > 20
    assert sent["seed"] == 3
    assert stack.published() >= before + sent["events"]
    assert figures["events_read"] == figures["clean"] + figures["rejected"] + figures["duplicates"]
    assert "everything agrees" in stack.verify()


def test_the_run_tells_of_its_tables(airflow):
    """Other DAGs can be scheduled on them."""
    events = airflow.api.get("assets/events", params={"limit": 100}).json()["asset_events"]
    assert {"bronze.ventes_raw", "silver.ventes_clean", "silver.top_produits"} <= {each["name"] for each in events}


def test_upkeep_tells_what_it_found_and_left(stack, airflow):
    upkeep = replace(airflow, dag="delta_maintenance")
    run = upkeep.trigger()
    assert upkeep.wait(run).state == "success"
    tables = {each["table"]: each for each in upkeep.returned(run, "compact_and_vacuum")}
    assert tables["silver.ventes_clean"]["files_before"] > 0
    metrics = httpx.get(f"{stack.url}/metrics").text
    for moment in ("before", "after"):
        assert f'sales_maintenance_files{{moment="{moment}",table="bronze.ventes_raw"}}' in metrics
    assert "sales_dag_last_run_succeeded 1.0" in metrics
    assert "everything agrees" in stack.verify()
