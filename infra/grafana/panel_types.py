"""A panel in one or two lines of Python, and the JSON from which Grafana 12 builds a dashboard."""

from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["stat", "timeseries", "table", "state-timeline", "bargauge"]
# a colour, and the value from which it applies; the first colour has none
Thresholds = tuple[tuple[str, float | None], ...]

GRID_WIDTH = 24
DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
# no value is good or bad
PLAIN: Thresholds = (("blue", None),)
# a single one is too many
NONE_ALLOWED: Thresholds = (("green", None), ("red", 1))
# 1 is good, 0 is bad
MUST_BE_ONE: Thresholds = (("red", None), ("green", 1))


def above(warn: float, bad: float) -> Thresholds:
    return (("green", None), ("orange", warn), ("red", bad))


def below(warn: float, bad: float) -> Thresholds:
    return (("red", None), ("orange", bad), ("green", warn))


@dataclass(frozen=True)
class Panel:
    title: str
    # one query, or one for each name in the legend
    query: str | dict[str, str]
    unit: str
    description: str
    thresholds: Thresholds = PLAIN
    kind: Kind = "timeseries"
    width: int = 6
    # for a single query, made from its labels: "{{topic}}"
    legend: str = ""
    # a healthy stack has nothing to show here
    only_under_fault: bool = False

    def queries(self) -> dict[str, str]:
        return {self.legend: self.query} if isinstance(self.query, str) else self.query


@dataclass(frozen=True)
class Row:
    title: str
    height: int
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Dashboard:
    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    since: str = "now-1h"

    def panels(self) -> list[Panel]:
        return [panel for row in self.rows for panel in row.panels]


def to_json(dashboard: Dashboard) -> Json:
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["sales"],
        "schemaVersion": 41,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "15s",
        "time": {"from": dashboard.since, "to": "now"},
        "timezone": "utc",
        "timepicker": {},
        "templating": {"list": []},
        "annotations": {"list": [_alerts_as_annotations()]},
        "links": [_link_to_the_others()],
        "panels": _placed(dashboard.rows),
    }


def _placed(rows: tuple[Row, ...]) -> list[Json]:
    """Place the rows from left to right; panels of a row that do not fit side by side continue below."""
    placed: list[Json] = []
    y = 0
    for row in rows:
        placed.append(_heading(row.title, len(placed) + 1, y))
        y, x = y + 1, 0
        for panel in row.panels:
            if x + panel.width > GRID_WIDTH:
                y, x = y + row.height, 0
            position = {"x": x, "y": y, "w": panel.width, "h": row.height}
            placed.append(_panel(panel, len(placed) + 1, position))
            x += panel.width
        y += row.height
    return placed


def _heading(title: str, number: int, y: int) -> Json:
    position = {"x": 0, "y": y, "w": GRID_WIDTH, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": position, "panels": []}


def _panel(panel: Panel, number: int, position: Json) -> Json:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "gridPos": position,
        "targets": [
            _target(chr(ord("A") + index), query, legend, panel.kind)
            for index, (legend, query) in enumerate(panel.queries().items())
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": OPTIONS[panel.kind],
        "transformations": SHOWN_LABELS if panel.kind == "table" else [],
    }


def _target(letter: str, query: str, legend: str, kind: Kind) -> Json:
    now = kind in ("stat", "table", "bargauge")
    return {
        "refId": letter,
        "datasource": DATASOURCE,
        "expr": query,
        "legendFormat": legend or "__auto",
        "instant": now,
        "range": not now,
        "format": "table" if kind == "table" else "time_series",
    }


def _defaults(panel: Panel) -> Json:
    defaults: Json = {
        "unit": panel.unit,
        "thresholds": {
            "mode": "absolute",
            "steps": [{"color": colour, "value": value} for colour, value in panel.thresholds],
        },
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
    }
    if panel.only_under_fault:
        defaults["noValue"] = "none"
    if panel.kind == "timeseries":
        lines = "dashed" if len(panel.thresholds) > 1 else "off"
        defaults["custom"] = {"fillOpacity": 8, "showPoints": "never", "thresholdsStyle": {"mode": lines}}
        defaults["min"] = 0
    if panel.kind == "state-timeline":
        defaults["custom"] = {"fillOpacity": 70, "lineWidth": 0}
    return defaults


_LAST = {"values": False, "calcs": ["lastNotNull"], "fields": ""}
OPTIONS: dict[Kind, Json] = {
    "stat": {
        "reduceOptions": _LAST,
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "center",
        "textMode": "auto",
        "wideLayout": True,
    },
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "table": {"showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"], "fields": ""}},
    "state-timeline": {
        "showValue": "never",
        "mergeValues": True,
        "rowHeight": 0.8,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "tooltip": {"mode": "single", "sort": "none"},
    },
    "bargauge": {
        "reduceOptions": _LAST,
        "displayMode": "basic",
        "orientation": "horizontal",
        "showUnfilled": True,
        "valueMode": "color",
        "namePlacement": "auto",
        "sizing": "auto",
        "minVizHeight": 12,
        "minVizWidth": 8,
        "maxVizHeight": 24,
    },
}
SHOWN_LABELS = [
    {
        "id": "organize",
        "options": {"excludeByName": {"Time": True, "Value": True, "__name__": True, "alertstate": True}},
    }
]


def _alerts_as_annotations() -> Json:
    """Mark in every chart where an alert began and ended."""
    return {
        "name": "Alerts",
        "datasource": DATASOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": 'ALERTS{alertstate="firing"}',
        "titleFormat": "{{alertname}}",
        "step": "15s",
    }


def _link_to_the_others() -> Json:
    return {
        "type": "dashboards",
        "title": "Dashboards",
        "tags": ["sales"],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }
