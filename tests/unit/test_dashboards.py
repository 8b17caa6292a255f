"""Dashboards: the committed JSON is what Python makes, every panel explains itself, and none lies over another."""

import json
from typing import Any

import pytest
import yaml

from infra.grafana import build
from infra.grafana.panel_types import GRID_WIDTH
from ingestion.settings import PROJECT

DATASOURCES = PROJECT / "infra" / "grafana" / "provisioning" / "datasources" / "prometheus.yml"
each_dashboard = pytest.mark.parametrize("filename", build.DASHBOARDS)


@each_dashboard
def test_the_committed_dashboard_is_what_python_makes(filename: str) -> None:
    committed = (build.FOLDER / filename).read_text()
    assert committed == build.text(build.DASHBOARDS[filename]), "run: python -m infra.grafana.build"


def panels_of(filename: str) -> list[dict[str, Any]]:
    return json.loads((build.FOLDER / filename).read_text())["panels"]


@each_dashboard
def test_panels_lie_beside_each_other_and_fill_the_grid(filename: str) -> None:
    places = [panel["gridPos"] for panel in panels_of(filename)]
    cells = [(p["x"] + x, p["y"] + y) for p in places for x in range(p["w"]) for y in range(p["h"])]
    assert len(set(cells)) == len(cells)
    assert len(cells) == GRID_WIDTH * (max(y for _, y in cells) + 1)


def test_the_story_fits_on_one_screen() -> None:
    """Full screen: 1080 lines, less some 100 for Grafana's own bar, at 38 for each step of the grid."""
    places = [panel["gridPos"] for panel in panels_of("sales_streaming_dashboard.json")]
    assert max(place["y"] + place["h"] for place in places) * 38 <= 980


@each_dashboard
def test_every_panel_says_what_it_shows(filename: str) -> None:
    dashboard = build.DASHBOARDS[filename]
    titles = [panel.title for panel in dashboard.panels()]
    assert len(set(titles)) == len(titles)
    for panel in dashboard.panels():
        assert panel.unit
        assert panel.thresholds
        assert panel.description.endswith(".")
        # several lines need names
        assert len(panel.queries()) == 1 or all(panel.queries())


def test_dashboards_are_told_apart_and_read_the_provisioned_datasource() -> None:
    (datasource,) = yaml.safe_load(DATASOURCES.read_text())["datasources"]
    written = [json.loads((build.FOLDER / filename).read_text()) for filename in build.DASHBOARDS]
    assert len({dashboard["uid"] for dashboard in written}) == len(written)
    used = {panel["datasource"]["uid"] for dashboard in written for panel in dashboard["panels"] if "targets" in panel}
    assert used == {datasource["uid"]}


def test_few_panels_may_stay_empty() -> None:
    queries = build.queries()
    assert 0 < sum(query.only_under_fault for query in queries) < len(queries) / 8
