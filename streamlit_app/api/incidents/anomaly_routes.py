"""What is out of the ordinary: the incidents, the picture of one, and the one address that takes something."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from ingestion import queries
from ingestion.queries import ANOMALIE_ID, GoldSnapshot
from ingestion.reading.acknowledgements import Acknowledged
from ingestion.reading.incidents import incidents_of
from streamlit_app.api.answers import answer_of_gold
from streamlit_app.api.encoding import to_json
from streamlit_app.api.incidents import anomaly_models as models
from streamlit_app.api.models import Refusal
from streamlit_app.api.params import AnomalyParams, AsOfParams, well_formed
from streamlit_app.api.refusals import REFUSALS
from streamlit_app.api.routes import CACHED, KNOWN_ETAG

NO_INCIDENT = "there is no incident with this number"
router = APIRouter(prefix="/api/anomalies", dependencies=[Depends(well_formed)], tags=["anomalies"])
NOT_THERE = {"model": Refusal, "description": f"{NO_INCIDENT}; or `as_of` names a time at which nothing was published"}
question = partial(router.get, responses=REFUSALS | CACHED, openapi_extra={"parameters": [KNOWN_ETAG]})
Number = Annotated[str, Path(pattern=ANOMALIE_ID, examples=["20261130-1005-volume"])]
ACKNOWLEDGING: dict[int | str, dict[str, Any]] = {
    200: {"description": "the incident as it is now"},
    400: {"model": Refusal, "description": "the body cannot be read as JSON in UTF-8"},
    403: {"model": Refusal, "description": "a page of another site sent it"},
    404: {"model": Refusal, "description": NO_INCIDENT},
    415: {"model": Refusal, "description": "the body is not `application/json`"},
    **{status: REFUSALS[status] for status in (422, 500, 503)},
}


@question("", response_model=models.Anomalies)
async def anomalies(request: Request, params: Annotated[AnomalyParams, Query()]) -> Response:
    """The incidents, newest first, and how far the watch has come.

    Acknowledgements are those of now, whatever `as_of` says.
    """
    acknowledged = request.app.state.watch.acknowledgements.known()
    asked = partial(_anomalies, params=params, acknowledged=acknowledged)
    return await answer_of_gold(request, params, asked, version=acknowledged.version)


@question(
    "/{anomalie_id}/picture", response_model=models.AnomalyPicture, responses=REFUSALS | CACHED | {404: NOT_THERE}
)
async def picture(request: Request, anomalie_id: Number, params: Annotated[AsOfParams, Query()]) -> Response:
    """What was observed by quarter of an hour beside what was expected, from twelve hours before the incident."""
    return await answer_of_gold(request, params, partial(_picture, anomalie_id=anomalie_id))


def from_here(request: Request) -> None:
    """Refuse what a page of another site could make a visitor's browser send."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "the body must be application/json")
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_elsewhere = origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    if is_elsewhere or site not in (None, "same-origin", "none"):
        raise HTTPException(403, "pages of other sites must not acknowledge")


@router.post(
    "/{anomalie_id}/acknowledge",
    response_model=models.Incident,
    responses=ACKNOWLEDGING,
    dependencies=[Depends(from_here)],
)
def acknowledge(request: Request, anomalie_id: Number, body: models.AcknowledgeBody) -> Response:
    """Say that somebody has seen an incident, or take it back; what was said before stays on record.

    If the incident then becomes more severe, or its `cause` or `cle` another one, it is `ouverte` again.
    """
    watch = request.app.state.watch
    if (shown := watch.find(anomalie_id)) is None:
        raise HTTPException(404, NO_INCIDENT)
    watch.acknowledge(shown, body.par, body.note, retire=body.retirer)
    found = to_json(watch.find(anomalie_id))
    return Response(found, media_type="application/json", headers={"Cache-Control": "no-store"})


def _anomalies(gold: GoldSnapshot, params: AnomalyParams, acknowledged: Acknowledged) -> dict[str, Any]:
    found = incidents_of(
        gold,
        acknowledged,
        statut=params.statut,
        severite=params.severite,
        cause=params.cause,
        since=params.start,
        until=params.end,
    )
    return {
        "veille": queries.watch_state(gold),
        "total": len(found),
        "limit": params.limit,
        "rows": found[: params.limit],
    }


def _picture(gold: GoldSnapshot, anomalie_id: str) -> queries.AnomalyPicture:
    if (found := queries.anomaly_picture(gold, anomalie_id)) is None:
        raise HTTPException(404, NO_INCIDENT)
    return found
