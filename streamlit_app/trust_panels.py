"""The parts of the page « Puis-je m'y fier ? »: the balance, the ledger, the quarantine, one sale's way."""

import logging
from collections.abc import Sequence

import streamlit as st

from ingestion.explain import Trace, explain
from ingestion.gaps import Gap
from ingestion.publication import Publication
from streamlit_app import charts, live, panels, queries
from streamlit_app.event_text import as_text, visible
from streamlit_app.figures import is_dark
from streamlit_app.formats import instant, nombre
from streamlit_app.labels import LABELS, RAISONS, VERDICTS
from streamlit_app.queries import LakeUnreadable, RejectedEvent, Snapshot, Totals

logger = logging.getLogger(__name__)
SHOWN_SLICES, SHOWN_EVENTS, SHOWN_BYTES = 50, 50, 2_000
_NUMBER = st.column_config.NumberColumn(format="localized")


def balance(totals: Totals) -> None:
    """Read = clean + rejected + duplicates, said as a sum."""
    with st.container(horizontal=True, key="balance"):
        for name in ("rows_read", "rows_clean", "rows_rejected", "rows_duplicates"):
            st.metric(LABELS[name], nombre(getattr(totals, name)), border=True)
    accounted = totals.rows_clean + totals.rows_rejected + totals.rows_duplicates
    if totals.rows_read == accounted:
        st.success(LABELS["balanced"], icon=":material/check_circle:")
    else:
        st.error(
            LABELS["unbalanced"].format(nombre(abs(totals.rows_read - accounted))),
            icon=":material/error:",
        )


def backlog() -> None:
    """How far the published figures are behind Kafka, now."""
    freshness = live.sampler().latest()
    if freshness is None or freshness.lag is None:
        st.caption(LABELS["lag_unknown"])
    elif freshness.lag:
        st.caption(LABELS["lag"].format(nombre(freshness.lag)))
    else:
        st.caption(LABELS["no_lag"])


def losses(gaps: Sequence[Gap]) -> None:
    """The gaps that somebody has accepted; nothing where there are none."""
    if not gaps:
        return
    with st.container(border=True):
        st.subheader(LABELS["pertes"])
        st.warning(LABELS["pertes_intro"].format(nombre(sum(gap.offsets for gap in gaps))), icon=":material/warning:")
        st.dataframe(
            [
                {
                    LABELS["partition"]: gap.partition,
                    LABELS["du_offset"]: gap.from_offset,
                    LABELS["au_offset"]: gap.to_offset,
                    LABELS["evenements"]: gap.offsets,
                    LABELS["acceptee_le"]: instant(gap.accepted_at) if gap.accepted_at else "-",
                }
                for gap in gaps
            ],
            hide_index=True,
            column_config={LABELS[name]: _NUMBER for name in ("du_offset", "au_offset", "evenements")},
        )


def search(key: str) -> None:
    """Ask for a `vente_id` and show every event that carries it."""
    wanted = st.text_input(
        "vente_id",
        key="vente_id",
        bind="query-params",
        placeholder="1795329562159001",
        max_chars=17,
        icon=":material/search:",
    )
    text = (wanted or "").strip()
    if not text:
        return
    if not (text.removeprefix("-").isascii() and text.removeprefix("-").isdigit()):
        st.error(LABELS["not_a_number"], icon=":material/error:")
        return
    _traces(key, int(text))


def _traces(key: str, vente_id: int) -> None:
    try:
        traces = _explain(key, vente_id)
    except LakeUnreadable as error:
        logger.error("%s", error.for_log)
        st.warning(LABELS["not_searched"], icon=":material/warning:")
        return
    if not traces:
        st.info(LABELS["not_found"], icon=":material/search_off:")
    for trace in traces:
        _trace(trace)


@st.cache_data(ttl="30s", max_entries=32, show_spinner=LABELS["searching"])
def _explain(key: str, vente_id: int) -> list[Trace]:
    """`key` is the publication's: another one may bring another verdict."""
    with queries.reading("the events"):
        return explain(vente_id)


def _trace(trace: Trace) -> None:
    label, color, icon = VERDICTS[trace.verdict]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(label, color=color, icon=icon)
            if trace.raison:
                st.markdown(f"**{RAISONS.get(trace.raison, trace.raison)}**", width="content")
        st.markdown(
            " · ".join(
                (
                    f"{LABELS['tranche_no']} **{'?' if trace.tranche is None else trace.tranche}**",
                    f"{LABELS['partition']} **{trace.kafka_partition}**",
                    f"{LABELS['offset']} **{nombre(trace.kafka_offset)}**",
                    f"{LABELS['recu']} {instant(trace.kafka_timestamp)}",
                )
            )
        )
        _raw_bytes(trace.value)


def _raw_bytes(value: bytes | None) -> None:
    if value is None:
        st.caption(LABELS["tombstone"])
        return
    st.code(_beginning(value, len(value)), language=None, wrap_lines=True)
    with st.expander(LABELS["octets"].format(nombre(len(value)))):
        st.code(value[:SHOWN_BYTES].hex(" "), language=None, wrap_lines=True)


def _beginning(value: bytes, size: int) -> str:
    """As much of an event of so many bytes as is shown, and how much there is."""
    more = LABELS["tronque"].format(nombre(size)) if size > SHOWN_BYTES else ""
    return visible(as_text(value[:SHOWN_BYTES], size)) + more


def ledger(slices: Sequence[Publication]) -> None:
    if not slices:
        st.caption(LABELS["no_slice"])
        return
    st.dataframe(
        [
            {
                LABELS["tranche_no"]: each.tranche,
                LABELS["closed_at"]: instant(each.closed_at),
                LABELS["rows_read"]: each.rows_read,
                LABELS["rows_clean"]: each.rows_clean,
                LABELS["rows_rejected"]: each.rows_rejected,
                LABELS["rows_duplicates"]: each.rows_duplicates,
            }
            for each in reversed(slices[-SHOWN_SLICES:])
        ],
        hide_index=True,
        column_config={
            LABELS[name]: _NUMBER for name in ("rows_read", "rows_clean", "rows_rejected", "rows_duplicates")
        },
    )
    if len(slices) > SHOWN_SLICES:
        st.caption(LABELS["more_slices"].format(SHOWN_SLICES, nombre(len(slices))))


def quarantine(snapshot: Snapshot) -> None:
    counts = queries.rejected_by_raison(snapshot)
    if not counts:
        st.info(LABELS["nothing_rejected"], icon=":material/verified:")
        return
    panels.chart(st.container(), charts.rejections(counts, dark=is_dark()))
    with st.container(horizontal=True):
        raison = st.selectbox(
            LABELS["raison"],
            list(counts),
            index=None,
            placeholder=LABELS["toutes"],
            format_func=lambda each: f"{RAISONS.get(each, each)} ({nombre(counts[each])})",
        )
        matching = counts[raison] if raison else sum(counts.values())
        pages = -(-matching // SHOWN_EVENTS)
        page = st.number_input(LABELS["page"].format(nombre(pages)), 1, pages, width=180) if pages > 1 else 1
    _rejected_table(queries.rejected(snapshot, raison, SHOWN_EVENTS, SHOWN_EVENTS * (page - 1)))


def _rejected_table(rows: Sequence[RejectedEvent]) -> None:
    st.dataframe(
        [
            {
                LABELS["raison"]: RAISONS.get(row.raison, row.raison),
                LABELS["contenu"]: LABELS["vide"] if row.value is None else _beginning(row.value, row.value_size or 0),
                LABELS["taille"]: "-" if row.value_size is None else nombre(row.value_size),
                LABELS["recu"]: instant(row.kafka_timestamp),
                LABELS["partition"]: row.kafka_partition,
                LABELS["offset"]: row.kafka_offset,
                LABELS["tranche_no"]: row.tranche,
            }
            for row in rows
        ],
        hide_index=True,
        column_config={
            LABELS["contenu"]: st.column_config.TextColumn(width="large"),
            LABELS["taille"]: st.column_config.TextColumn(alignment="right"),
        },
    )
