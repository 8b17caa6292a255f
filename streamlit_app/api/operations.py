"""What operators ask for: liveness, readiness, metrics, and the lineage of the tables."""

import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ingestion.settings import DBT_PROJECT, PathSettings, load
from streamlit_app.api.docs_page import docs_page
from streamlit_app.api.encoding import to_json
from streamlit_app.languages import DEFAULT, languages

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> Response:
    """The process answers."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """The newest publication can be read (an empty lake can); otherwise 503."""
    snapshot = request.app.state.lake.current()
    snapshot.check()
    tranche = snapshot.publication and snapshot.publication.tranche
    return Response(to_json({"status": "ready", "tranche": tranche}), media_type="application/json")


@router.get("/metrics")
def metrics(request: Request) -> Response:
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/docs")
@router.get("/api")
def docs(request: Request) -> HTMLResponse:
    return HTMLResponse(docs_page(request.app.openapi()))


@router.get("/lineage")
async def lineage_root() -> Response:
    # the page loads its files by relative path
    return RedirectResponse("/lineage/")


@router.get("/lineage/")
def lineage() -> Response:
    """The dbt docs: one static page, or the page that loads its two files.

    If these docs have not been generated, Airflow's are served; they lack what only the tables know.
    """
    of_airflow = load(PathSettings).project_docs / "static_index.html"
    for page in (_target("static_index.html"), _target("index.html"), of_airflow):
        if page.exists():
            return FileResponse(page, media_type="text/html")
    return HTMLResponse(_no_lineage(), status_code=404)


@router.get("/lineage/{name}")
def lineage_file(name: Literal["manifest.json", "catalog.json"]) -> Response:
    file = _target(name)
    return FileResponse(file) if file.exists() else HTMLResponse(_no_lineage(), status_code=404)


@cache
def _no_lineage() -> str:
    """A page that says in every language, the default one first, how to generate the docs."""
    codes = sorted(languages(), key=lambda code: code != DEFAULT)
    title = " · ".join(escape(languages()[code]["lineage"]) for code in codes)
    sections = "\n".join(_no_lineage_in(code) for code in codes)
    return f"""<!doctype html><html lang="{DEFAULT}"><meta charset="utf-8"><title>{title}</title>
<body style="font: 1.1rem/1.6 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
{sections}</body></html>"""


def _no_lineage_in(code: str) -> str:
    words = languages()[code]
    text = re.sub("`(.+?)`", r"<code>\1</code>", escape(words["no_lineage"]))
    return f"""<section lang="{code}"><h1>{escape(words["lineage"])}</h1><p>{text}</p>
<p><a href="/">{escape(words["to_dashboard"])}</a></p></section>"""


def _target(name: str) -> Path:
    return DBT_PROJECT / "target" / name
