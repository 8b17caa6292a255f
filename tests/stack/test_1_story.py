"""The full stack from broker to page."""

import time

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from infra.bench.cases.api import CHROMIUM_OPTIONS, chromium
from infra.grafana.build import queries
from infra.prometheus.metrics import METRICS
from infra.testbed.embedded import until

pytestmark = pytest.mark.stack


def test_everything_is_healthy(stack):
    assert set(stack.health().values()) == {"healthy"}


def test_three_ports_are_open_and_no_other(stack, opened_ports):
    open_to_people = {int(stack.environment[name]) for name in ("HTTP_PORT", "AIRFLOW_HTTP_PORT", "GRAFANA_PORT")}
    assert opened_ports() == open_to_people


def test_a_run_of_the_dag_publishes_what_it_sends(stack, recovered):
    since = time.monotonic()
    with stack.airflow() as airflow:
        assert airflow.wait(airflow.trigger(count=50, seed=1)).state == "success"
    recovered("the first run after a cold start", since)
    assert stack.api("overall_statistics")["nombre_ventes"] == 50
    stack.verified()


def test_the_documented_command_starts_a_run(stack):
    said = stack.compose("exec", "-T", "airflow-scheduler", "airflow", "dags", "trigger", "unified_sales_pipeline")
    assert "manual__" in said
    until(lambda: stack.api("overall_statistics")["nombre_ventes"] == 100, "its fifty sales are published", 300)
    stack.verified()


def test_no_faulty_event_is_lost(stack):
    stack.sales("produce", "--count", "10", "--dirty")
    stack.verified()
    assert stack.api("rejected")["total"] > 0


def test_a_producer_on_this_machine_reaches_the_brokers(stack):
    from ingestion.settings import KafkaSettings
    from ingestion.source.messages import feed
    from ingestion.source.producer import produce

    settings = KafkaSettings(
        _env_file=None,
        bootstrap_servers=stack.brokers,
        topic="ventes_stream",
        partitions=3,
        replication_factor=3,
        min_insync_replicas=2,
        retention_ms=604800000,
        retention_bytes=1073741824,
    )
    ids = iter(range(2**52, 2**52 + 10))
    report = produce(settings, feed(3, 10, reserve=lambda count: [next(ids) for _ in range(count)]))
    assert report.acknowledged == 10
    stack.verified()


def test_the_page_shows_the_figures_through_the_proxy(stack):
    stack.api("overall_statistics")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_OPTIONS))
        page = browser.new_page(locale="fr-FR", viewport={"width": 1280, "height": 900})
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.goto(stack.page)
        expect(page.get_by_text("Chiffre d'affaires", exact=True).first).to_be_visible(timeout=60_000)
        page.get_by_role("link", name="Puis-je m'y fier ?").click()
        expect(page.get_by_text("tranche").first).to_be_visible(timeout=60_000)
        browser.close()
    assert faults == []


def test_the_proxy_keeps_operators_pages_and_large_bodies_out(stack):
    for path in ("/metrics", "/healthz", "/readyz", "/_stcore/metrics"):
        assert httpx.get(stack.page + path).status_code == 404
    assert httpx.post(f"{stack.page}/api/top_products", content=b"x" * 100_000).status_code == 413
    assert httpx.get(f"{stack.airflow_page}/sales/metrics").status_code == 401
    headers = httpx.get(f"{stack.page}/api/top_products").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors" in headers["content-security-policy"]
    assert "nginx/" not in headers["server"]


def test_who_asks_too_much_is_told_so(stack):
    with httpx.Client(base_url=stack.page) as client:
        answers = {client.get("/api/top_products").status_code for _ in range(400)}
    assert answers == {200, 429}
    until(lambda: httpx.get(f"{stack.page}/api/top_products").status_code == 200, "the limit is over", 30)


def test_replicas_share_their_answers(stack):
    """Two replicas answer in turn: the second has each answer from the first."""

    def counted(verdict: str) -> list[float]:
        replicas = stack.measured(f"sales_api_cache_{verdict}_total{{job='api'}}")
        return [float(each["value"][1]) for each in sorted(replicas, key=lambda each: each["metric"]["instance"])]

    # what was asked before is measured by then
    time.sleep(20)
    hits, misses = counted("hits"), counted("misses")
    assert len(hits) == 2
    # nobody has asked for it before
    for _ in range(40):
        stack.api("revenue_by_country?pays=France")
    until(lambda: sum(counted("hits") + counted("misses")) >= sum(hits + misses) + 40, "all are counted")
    assert sum(counted("misses")) == sum(misses) + 1
    assert all(now > before for now, before in zip(counted("hits"), hits, strict=True))


def test_every_metric_is_measured(stack):
    """Every name that rules and dashboards may use, or could be if something failed."""
    until(lambda: not stack.measured("up == 0"), "every target is scraped")
    for query in (query for _, _, query, only_under_fault in queries() if not only_under_fault):
        until(lambda query=query: stack.measured(query), f"data for {query}", 90)
    measured = {each["metric"]["__name__"] for each in stack.measured('{job!=""}')}
    missing = {name for names in METRICS.values() for name in names} - measured
    # there has been no upkeep, no fault of the cache and no isolated event
    not_yet = ("sales_maintenance_", "sales_api_cache_errors", "sales_stream_isolated_timestamp_seconds")
    assert {name for name in missing if not name.startswith(not_yet)} == set()


def test_no_alert_rings_on_a_healthy_stack(stack):
    ringing = {each["metric"]["alertname"] for each in stack.measured('ALERTS{alertstate="firing"}')}
    # nobody's address is set
    assert ringing <= {"AlertsNotDelivered"}
