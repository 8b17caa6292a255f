"""The parts of the page of the alerts: the open incidents, the picture of one, the form to acknowledge it, the rest."""

import logging
from collections.abc import Sequence
from typing import Any

import streamlit as st

from ingestion import queries
from ingestion.printable import printable
from ingestion.queries import AnomalyPicture, GoldSnapshot, WatchState
from ingestion.reading.acknowledgements import Acknowledgement, allowed_name, allowed_note
from ingestion.reading.incidents import ACKNOWLEDGED, Incident
from streamlit_app import panels, singletons
from streamlit_app.figures import is_dark
from streamlit_app.gold import incident_texts, mart_panels, picture_chart
from streamlit_app.language_choice import PARAMETER, language, language_code

logger = logging.getLogger(__name__)
SHOWN_OPEN, SHOWN_CLOSED = 20, 200
CHOSEN = "anomalie"
_ACKNOWLEDGED = "ack_shown"
COLOURS: dict[str, Any] = {"critique": "red", "haute": "orange", "moyenne": "blue"}
# the page that shows what an incident is of, and its filter
_SALES = {"produit": "produit", "prix": "produit", "pays": "pays", "segment": "segment"}


def how_far(state: WatchState) -> None:
    """Until when everything was looked at, and whether anything can alarm yet."""
    words = language()
    if state.complet_jusque is not None:
        age = words.formats.ago((singletons.utc_now() - state.complet_jusque).total_seconds())
        st.caption(words["watched_until"].format(words.formats.minute(state.complet_jusque), age))
    if state.apprend and state.jours_connus is not None:
        said = words.count("learning", state.jours_connus, str(state.jours_requis))
        st.info(said, icon=":material/school:")
    if unreadable := singletons.watch().acknowledgements.known().unreadable:
        st.warning(words.count("unreadable_lines", unreadable), icon=":material/warning:")


def open_incidents(found: Sequence[Incident], state: WatchState) -> None:
    words = language()
    if not found:
        if not state.apprend:
            st.success(words["nothing_unusual"], icon=":material/check_circle:")
        return
    st.subheader(words.count("open_incidents", len(found)))
    # those that nobody takes care of come first, the most severe of them at the top
    order = list(COLOURS)
    for each in sorted(found, key=lambda each: (each.statut == ACKNOWLEDGED, order.index(each.severite)))[:SHOWN_OPEN]:
        _card(each, state)


def _card(incident: Incident, state: WatchState) -> None:
    words, now = language(), singletons.utc_now()
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"card_{incident.anomalie_id}"):
        with st.container(gap="small"):
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.badge(words[f"sev_{incident.severite}"], color=COLOURS[incident.severite])
                st.badge(words[f"cause_{incident.cause}"], color="gray")
                if incident.statut == ACKNOWLEDGED:
                    st.badge(words["said_acknowledged"], color="green", icon=":material/check:")
                elif incident.has_changed:
                    st.badge(words["has_changed"], color="orange", icon=":material/change_circle:")
            st.text(incident_texts.what(words, incident))
            st.caption(incident_texts.how_it_goes(words, incident, state, now))
            _acknowledged(incident)
        # before the next run draws the selector of the picture
        st.button(
            words["look"], key=f"look_{incident.anomalie_id}", on_click=_choose, args=(incident.anomalie_id,), width=120
        )


def _acknowledged(incident: Incident) -> None:
    """Who takes care of it, or did until it became something else, and what is known."""
    if incident.acquittee_a is None or incident.acquittee_par is None:
        return
    words = language()
    ago = words.formats.ago((singletons.utc_now() - incident.acquittee_a).total_seconds())
    label = "acknowledged_before" if incident.has_changed else "acknowledged_by"
    said = words[label].format(printable(incident.acquittee_par), ago)
    st.text(f"{said}{words['colon']}{printable(incident.note)}" if incident.note else said)


def _choose(anomalie_id: str) -> None:
    st.session_state[CHOSEN] = anomalie_id


def one_incident(gold: GoldSnapshot, found: Sequence[Incident]) -> None:
    """The incident that was chosen, or named in the address, or the first."""
    words, by_id = language(), {each.anomalie_id: each for each in found}
    asked = st.query_params.get(CHOSEN)
    if asked in by_id and CHOSEN not in st.session_state:
        st.session_state[CHOSEN] = asked
    with st.container(border=True):
        chosen = by_id[
            st.selectbox(
                words["incident"],
                by_id,
                key=CHOSEN,
                format_func=lambda number: incident_texts.short(words, by_id[number]),
            )
        ]
        st.text(incident_texts.what(words, chosen))
        names = [words[f"cause_{each}"] for each in chosen.detecteurs.split(", ")]
        st.caption(words["detecteurs"].format(", ".join(names)))
        _picture(gold, chosen)
        _link(chosen)
        _form(chosen)


def _picture(gold: GoldSnapshot, chosen: Incident) -> None:
    words = language()
    found = load_picture(gold.key, chosen.anomalie_id, gold)
    if found is None or not found.quarts:
        st.info(words["no_picture"], icon=":material/hourglass_disabled:")
        return
    st.caption(words["picture_intro"].format(words[f"unit_{found.unite}"]))
    if all(each.attendu is None for each in found.quarts):
        st.caption(words["no_expectation"])
    panels.chart(st.container(), picture_chart.picture(words, found, dark=is_dark()))


@st.cache_data(ttl="10m", max_entries=64, show_spinner=False)
def load_picture(key: str, anomalie_id: str, _gold: GoldSnapshot) -> AnomalyPicture | None:
    """`key` is that of the publication, which itself cannot be hashed."""
    return queries.anomaly_picture(_gold, anomalie_id)


def _link(chosen: Incident) -> None:
    """To the sales or the rejected events that it is of."""
    words, language_now = language(), {PARAMETER: language_code()}
    if chosen.cause in _SALES:
        filters = {_SALES[chosen.cause]: chosen.cle, **language_now}
        st.page_link(
            "app_pages/ventes.py", label=words["open_sales"], icon=":material/arrow_forward:", query_params=filters
        )
    elif chosen.cause == "rejet":
        label = words["open_quarantine"]
        st.page_link("app_pages/confiance.py", label=label, icon=":material/arrow_forward:", query_params=language_now)


def _form(chosen: Incident) -> None:
    words, is_open = language(), chosen.acquittee_a is None or chosen.has_changed
    history = singletons.watch().acknowledgements.known().of(chosen.anomalie_id)
    _acknowledged(chosen)
    if is_open:
        st.caption(words["acknowledge_intro"])
    # another form after each answer, so that its note is empty again
    form = st.form(f"form_{chosen.anomalie_id}_{len(history)}", border=False)
    with form, st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(words["your_name"], value=st.session_state.get("ack_name", ""), max_chars=60)
        note = st.text_input(words["note"], max_chars=500)
        label = words["acknowledge" if is_open else "take_back"]
        # the run that is told of it may show something newer than whoever pressed it has seen
        pressed = st.form_submit_button(
            label, type="primary" if is_open else "secondary", on_click=_remember, args=(chosen,)
        )
    if pressed:
        _submit(st.session_state[_ACKNOWLEDGED], name.strip(), note.strip(), retire=not is_open)
    if history:
        with st.expander(words["history"]):
            _history(history)


def _remember(shown: Incident) -> None:
    st.session_state[_ACKNOWLEDGED] = shown


def _submit(shown: Incident, name: str, note: str, *, retire: bool) -> None:
    words = language()
    for check, value, rule in ((allowed_name, name, "name_rule"), (allowed_note, note, "note_rule")):
        try:
            check(value)
        except ValueError:
            st.error(words[rule], icon=":material/error:")
            return
    try:
        singletons.watch().acknowledge(shown, name, note, retire=retire)
    except OSError:
        logger.exception("an acknowledgement could not be written")
        st.error(words["not_kept"], icon=":material/error:")
    else:
        st.session_state["ack_name"] = name
        st.rerun()


def _history(history: Sequence[Acknowledgement]) -> None:
    words = language()
    st.dataframe(
        [
            {
                words["said_at"]: words.formats.instant(each.a),
                words["said_by"]: printable(each.par),
                words["said_what"]: words["said_taken_back" if each.retire else "said_acknowledged"],
                words["note"]: printable(each.note),
            }
            for each in history
        ],
        hide_index=True,
    )


def closed_incidents(found: Sequence[Incident], everything: Sequence[Incident]) -> None:
    words, formats = language(), language().formats
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader(words["closed_incidents"])
            mart_panels.download("anomalies", lambda: everything)
        if not found:
            st.caption(words["no_closed"])
            return
        st.dataframe([_closed(each) for each in found[:SHOWN_CLOSED]], hide_index=True)
        if len(found) > SHOWN_CLOSED:
            st.caption(words["newest_closed"].format(SHOWN_CLOSED, formats.number(len(found))))


def _closed(incident: Incident) -> dict[str, str]:
    words, formats = language(), language().formats
    observed, expected = "-", "-"
    if incident_texts.has_numbers(incident):
        observed, expected, *_ = incident_texts.numbers(words, incident)
    return {
        words["began"]: formats.minute(incident.debut),
        words["ended"]: formats.minute(incident.fin) if incident.fin else "-",
        words["severity"]: words[f"sev_{incident.severite}"],
        words["cause"]: incident_texts.happened(words, incident),
        words["observe"]: observed,
        words["attendu"]: expected,
        words["by"]: printable(incident.acquittee_par or "-"),
        words["note"]: printable(incident.note or ""),
    }
