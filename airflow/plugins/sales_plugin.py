"""Tabs on the page of a run: the dashboard, and the lineage of the tables."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from ingestion.settings import AppSettings, load

APP = load(AppSettings)
PAGES = {"Dashboard": "/", "Lineage": "/lineage/"}


class Sales(AirflowPlugin):
    name = "sales"
    external_views: ClassVar[list[dict[str, Any]]] = [
        {
            "name": page,
            "href": f"{APP.url}{path}",
            "destination": "dag_run",
            # Airflow shows no tab without a route
            "url_route": f"sales-{page.lower()}",
        }
        for page, path in PAGES.items()
    ]
