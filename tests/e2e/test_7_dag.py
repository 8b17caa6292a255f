"""The DAG through the real scheduler, asked by Airflow's REST API."""

import json

import httpx
import pytest

from ingestion.bench.stack import until

pytestmark = [pytest.mark.e2e, pytest.mark.airflow]
DAG = "/api/v2/dags/unified_sales_pipeline"
RUN_SECONDS = 180


@pytest.fixture(scope="module")
def airflow(stack):
    stack.sales("airflow")
    passwords = stack.folder / "var" / "airflow" / "passwords.json"
    assert passwords.stat().st_mode & 0o777 == 0o600
    with httpx.Client(base_url=f"http://127.0.0.1:{stack.environment['AIRFLOW_PORT']}", timeout=30) as client:
        user = {"username": "admin", "password": json.loads(passwords.read_text())["admin"]}
        token = client.post("/auth/token", json=user).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        until(lambda: client.get(DAG).status_code == 200, "the DAG is there", 60)
        yield client


def test_nobody_without_the_password(airflow):
    assert airflow.get(DAG, headers={"Authorization": "Bearer x"}).status_code in (401, 403)
    wrong = {"username": "admin", "password": "admin"}
    assert airflow.post("/auth/token", json=wrong).status_code == 401


def test_a_run_publishes_what_it_sends(stack, airflow):
    assert airflow.get("/api/v2/importErrors").json()["import_errors"] == []
    until(lambda: stack.state("silver").get("state") == "resting", "the follower rests")
    before = stack.published()
    wanted = {"logical_date": None, "conf": {"count": 20, "seed": 3, "dirty": True}}
    run = airflow.post(f"{DAG}/dagRuns", json=wanted).json()["dag_run_id"]

    def ended():
        return airflow.get(f"{DAG}/dagRuns/{run}").json()["state"] in ("success", "failed")

    until(ended, "the run ends", RUN_SECONDS)
    tasks = airflow.get(f"{DAG}/dagRuns/{run}/taskInstances", params={"limit": 100}).json()["task_instances"]
    assert {task["task_id"]: task["state"] for task in tasks if task["state"] != "success"} == {}

    def returned(task):
        answer = airflow.get(f"{DAG}/dagRuns/{run}/taskInstances/{task}/xcomEntries/return_value").json()["value"]
        return json.loads(answer) if isinstance(answer, str) else answer

    sent, figures = returned("produce_sales_data"), returned("verify_final_output")
    assert sent["events"] > 20
    assert sent["seed"] == 3
    assert stack.published() >= before + sent["events"]
    assert figures["events_read"] == figures["clean"] + figures["rejected"] + figures["duplicates"]
    assert "everything agrees" in stack.verify()
