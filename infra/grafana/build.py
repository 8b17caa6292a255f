"""Write the dashboards' JSON.  Run: python -m infra.grafana.build"""

import json
from pathlib import Path
from typing import NamedTuple

from infra.grafana import platform_dashboard, sales_dashboard
from infra.grafana.panel_types import Dashboard, to_json

FOLDER = Path(__file__).parent / "dashboards"
DASHBOARDS = {
    "sales_streaming_dashboard.json": sales_dashboard.DASHBOARD,
    "platform.json": platform_dashboard.DASHBOARD,
}


class Query(NamedTuple):
    dashboard: str
    panel: str
    query: str
    only_under_fault: bool


def text(dashboard: Dashboard) -> str:
    return json.dumps(to_json(dashboard), indent=2, ensure_ascii=False) + "\n"


def queries() -> list[Query]:
    """Every query of every panel, and whether a healthy stack may return nothing for it."""
    return [
        Query(dashboard.uid, panel.title, query, panel.only_under_fault)
        for dashboard in DASHBOARDS.values()
        for panel in dashboard.panels()
        for query in panel.queries().values()
    ]


def main() -> None:
    for filename, dashboard in DASHBOARDS.items():
        (FOLDER / filename).write_text(text(dashboard))


if __name__ == "__main__":
    main()
