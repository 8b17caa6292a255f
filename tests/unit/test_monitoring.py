"""Monitoring: each alert is complete, tested and explained, one cause rings once, and no name is made up."""

import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.grafana import build
from infra.prometheus.metrics import METRICS, known, metrics_in
from ingestion.settings import PROJECT

PROMETHEUS = PROJECT / "infra" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
ALERTMANAGER = PROJECT / "infra" / "alertmanager" / "alertmanager.yml"
RUNBOOK = PROJECT / "docs" / "runbook.md"
# the reasons to call a person, and no others
PAGING = {"figures stale", "stream stopped", "offset gap", "ledger", "anomalies", "brokers", "disk"}

Rule = dict[str, Any]


@cache
def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def groups() -> Iterator[Rule]:
    for path in RULES:
        yield from loaded(path)["groups"]


def rules() -> list[Rule]:
    return [rule for group in groups() for rule in group["rules"]]


ALERTS: dict[str, Rule] = {rule["alert"]: rule for rule in rules() if "alert" in rule}
each_alert = pytest.mark.parametrize("name", ALERTS)


def tool(name: str, package: str) -> str:
    executable = shutil.which(name)
    if executable is None and "CI" in os.environ:
        pytest.fail(f"CI checks the alerts, and this machine has no {name}")
    if executable is None:
        pytest.skip(f"no {name} on this machine; Debian: apt-get install {package}")
    return executable


@pytest.fixture(scope="session")
def promtool() -> Callable[..., None]:
    executable = tool("promtool", "prometheus")

    def run(*arguments: str | Path) -> None:
        ran = subprocess.run([executable, *map(str, arguments)], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    return run


def test_prometheus_takes_its_configuration(promtool: Callable[..., None]) -> None:
    promtool("check", "config", "--syntax-only", PROMETHEUS / "prometheus.yml")


def test_the_rules_are_without_fault(promtool: Callable[..., None]) -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_each_alert_rings_when_it_should_and_only_then(path: Path, promtool: Callable[..., None]) -> None:
    promtool("test", "rules", path)


def test_every_query_of_a_dashboard_is_promql(promtool: Callable[..., None], tmp_path: Path) -> None:
    recorded = [{"record": f"panel:{index}", "expr": query.query} for index, query in enumerate(build.queries())]
    path = tmp_path / "queries.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": recorded}]}))
    promtool("check", "rules", path)


def test_alertmanager_takes_its_configuration_and_tells_the_right_people(tmp_path: Path) -> None:
    executable = tool("amtool", "prometheus-alertmanager")
    path = tmp_path / "alertmanager.yml"
    # Debian's amtool is older than url_file (0.26); drop this when it is not
    path.write_text(re.sub(r"url_file: /run/secrets/(\w+)", r"url: http://\1/", ALERTMANAGER.read_text()))
    for severity in ("page", "ticket"):
        route = [executable, "config", "routes", "test", f"--config.file={path}", f"severity={severity}"]
        ran = subprocess.run(route, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout.strip()) == (0, severity), ran.stderr


def test_seven_reasons_call_a_person_and_the_rest_waits() -> None:
    severities = {
        group["name"]: {rule["labels"]["severity"] for rule in group["rules"] if "alert" in rule} for group in groups()
    }
    assert {name for name, found in severities.items() if found == {"page"}} == PAGING
    assert all(found == {"ticket"} for name, found in severities.items() if name not in PAGING)


def test_no_alert_has_two_rules() -> None:
    names = [rule["alert"] for rule in rules() if "alert" in rule]
    assert sorted(names) == sorted(ALERTS)


@each_alert
def test_an_alert_says_what_people_see_and_where_to_look(name: str) -> None:
    labels, annotations = ALERTS[name]["labels"], ALERTS[name]["annotations"]
    assert set(labels) == {"severity", "area"}
    assert set(annotations) == {"summary", "description", "runbook"}
    assert "First check " in annotations["description"]


def slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


@each_alert
def test_an_alert_leads_to_an_entry_of_the_runbook(name: str) -> None:
    document, _, anchor = ALERTS[name]["annotations"]["runbook"].partition("#")
    assert PROJECT / document == RUNBOOK
    assert anchor in {slug(heading) for heading in re.findall(r"^### (.+)$", RUNBOOK.read_text(), re.MULTILINE)}


def test_the_table_in_the_documents_is_that_of_the_rules() -> None:
    page = (PROJECT / "docs" / "monitoring.md").read_text()
    rows = re.findall(r"^\| \[`(\w+)`\]\((\S+)\) \| (\w+) \| (\w+) \| \S.* \|$", page, re.MULTILINE)
    wanted = [
        (name, rule["annotations"]["runbook"].removeprefix("docs/"), rule["labels"]["severity"], rule["labels"]["area"])
        for name, rule in ALERTS.items()
    ]
    assert rows == wanted


def cases(name: str) -> list[bool]:
    """Of each case of an alert: whether it is to ring."""
    tests = [test for path in TESTS for test in loaded(path)["tests"]]
    asked = [case for test in tests for case in test["alert_rule_test"] if case["alertname"] == name]
    return [bool(case["exp_alerts"]) for case in asked]


@each_alert
def test_an_alert_has_a_case_that_rings_and_one_that_does_not(name: str) -> None:
    assert set(cases(name)) == {True, False}


def test_every_job_has_its_metrics() -> None:
    jobs = loaded(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    assert {job["job_name"] for job in jobs} == set(METRICS)


def test_rules_and_dashboards_use_known_metrics_only() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    queries = [rule["expr"] for rule in rules()] + [query.query for query in build.queries()]
    used = set().union(*map(metrics_in, queries))
    assert used - known() - recorded == set()


def test_what_a_page_needs_is_missed_when_nobody_tells_it() -> None:
    """An expression over an absent figure is silent, so the absence rings."""
    needed = set().union(
        *(metrics_in(rule["expr"]) for rule in ALERTS.values() if rule["labels"]["severity"] == "page")
    )
    guards = " ".join(rule["expr"] for rule in ALERTS.values())
    assert {name for name in needed if not re.search(rf"absent\({name}\b", guards)} == set()


def test_the_names_in_a_query_are_found() -> None:
    query = 'sum by (le) (rate(a_total{b="c"}[5m] offset 1h)) / on(d) group_left(e) f:g:h1 > 1e9 unless absent(i == 1)'
    assert metrics_in(query) == {"a_total", "f:g:h1", "i"}


def test_kafka_tells_what_is_known_of_it() -> None:
    exported = loaded(PROJECT / "infra" / "kafka" / "jmx.yml")["rules"]
    names = {rule["name"].replace("$1", way) for rule in exported for way in ("in", "out")}
    assert names == {name for name in METRICS["kafka"] if name.startswith("kafka_")}


def matches(matcher: str, labels: dict[str, str]) -> bool:
    name, is_pattern, wanted = re.fullmatch(r'(\w+)=(~?)"(.*)"', matcher).groups()
    value = labels.get(name, "")
    return bool(re.fullmatch(wanted, value)) if is_pattern else value == wanted


def labels_of(name: str) -> dict[str, str]:
    return {"alertname": name, **ALERTS[name]["labels"]}


def inhibits(source: dict[str, str], target: dict[str, str]) -> bool:
    return source != target and any(
        all(matches(matcher, source) for matcher in rule["source_matchers"])
        and all(matches(matcher, target) for matcher in rule["target_matchers"])
        and all(source.get(label) == target.get(label) for label in rule.get("equal", ()))
        for rule in loaded(ALERTMANAGER)["inhibit_rules"]
    )


def rings(*names: str) -> set[str]:
    """Of alerts that fire together, those that people are told of."""
    firing = [labels_of(name) for name in names]
    return {one["alertname"] for one in firing if not any(inhibits(other, one) for other in firing)}


FOLLOWING = ("FiguresStale", "LagGrowing", "DagFailing", "DagLate", "WatchLate")


@pytest.mark.parametrize(
    ("cause", "follow"),
    [
        ("BrokerDown", ("PartitionsUnderReplicated",)),
        ("PartitionsRefuseWrites", ("BrokerDown", "StreamStopped", "FiguresNotMeasured", *FOLLOWING)),
        ("GatewayDown", ("StreamStopped", "SparkExecutorMissing", "SliceStaysOpen", "DbtFailing", *FOLLOWING)),
        ("OffsetGap", ("StreamStopped", *FOLLOWING)),
        ("StreamStopped", FOLLOWING),
        ("StreamStuck", FOLLOWING),
        ("SliceStaysOpen", FOLLOWING),
        ("SparkWorkerMissing", ("SparkExecutorMissing",)),
        ("FiguresStale", ("LagGrowing", "RejectionsJump")),
        ("GoldOld", ("WatchLate",)),
        ("AnomalyCritical", ("AnomalyOpen",)),
    ],
)
def test_one_cause_rings_once(cause: str, follow: tuple[str, ...]) -> None:
    assert rings(cause, *follow) == {cause}


def test_what_has_another_cause_rings_all_the_same() -> None:
    apart = {"BrokerDown", "StreamStopped", "DiskFull", "LedgerUnbalanced", "ApiSlow"}
    assert rings(*apart) == apart


def test_a_watch_that_is_late_is_told_beside_what_it_has_found() -> None:
    assert rings("AnomalyCritical", "AnomalyOpen", "WatchLate") == {"AnomalyCritical", "WatchLate"}


def test_a_ticket_silences_no_page_and_no_two_alerts_silence_each_other() -> None:
    pairs = list(itertools.permutations(map(labels_of, ALERTS), 2))
    silenced = [(one, other) for one, other in pairs if inhibits(one, other)]
    assert not [pair for pair in silenced if [end["severity"] for end in pair] == ["ticket", "page"]]
    assert not [pair for pair in silenced if pair[::-1] in silenced]


def test_inhibition_names_alerts_that_exist() -> None:
    named = re.findall(r'alertname=~?"([^"]+)"', ALERTMANAGER.read_text())
    assert {name for names in named for name in names.split("|")} <= set(ALERTS)
