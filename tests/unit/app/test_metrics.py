"""What Prometheus scrapes: requests, published figures, and what the DAGs have told."""

import re
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from ingestion.orchestration import dag_reports
from ingestion.processes.states import MaintenanceState, Upkeep, write_state
from streamlit_app.api.application import create_app


@pytest.fixture
def api(published, sampler):
    return TestClient(create_app(published.lake, sampler))


def test_metrics_name_routes_never_addresses(tiny, sampler):
    tiny.publish(rejected=[(0, "illisible", b"x")])
    api = TestClient(create_app(tiny.lake, sampler))
    api.get("/api/top_products?pays=France")
    api.get("/api/secret-address")
    metrics = api.get("/metrics").text
    assert 'sales_api_request_seconds_count{route="/api/top_products",status="200"} 1.0' in metrics
    assert "secret-address" not in metrics
    assert 'ventes_rejected_total{raison="illisible"} 1.0' in metrics
    for name in ("sales_published_tranche", "sales_lag_events", "sales_stale", "sales_data_age_seconds"):
        assert re.search(rf"^{name} \d", metrics, re.MULTILINE), name


def test_metrics_of_the_dags(api, own_folders):
    assert "sales_dag" not in api.get("/metrics").text
    run = {"task_instance": SimpleNamespace(task_id="t"), "dag_run": SimpleNamespace(dag_id="d", run_id="r")}
    dag_reports.task_failed(run)
    assert 'sales_dag_last_run_succeeded{dag="d"} 0.0' in api.get("/metrics").text
    dag_reports.run_succeeded(run)
    write_state(MaintenanceState(state="done", tables=[Upkeep("silver.ventes_clean", 9, 900, 2, 300)]))
    metrics = api.get("/metrics").text
    assert 'sales_dag_task_failures_total{dag="d"} 1.0' in metrics
    assert 'sales_dag_late_runs_total{dag="d"} 0.0' in metrics
    assert 'sales_dag_last_run_succeeded{dag="d"} 1.0' in metrics
    assert 'sales_maintenance_files{moment="before",table="silver.ventes_clean"} 9.0' in metrics
    assert 'sales_maintenance_bytes{moment="after",table="silver.ventes_clean"} 300.0' in metrics
