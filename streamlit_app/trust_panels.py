"""The parts of the page « Puis-je m'y fier ? »: the balance, the ledger, the quarantine, one sale's way."""

import logging
from collections.abc import Sequence

import streamlit as st

from ingestion import queries
from ingestion.bronze.gaps import Gap
from ingestion.bronze.isolated import Isolated
from ingestion.lake.ledger import Publication
from ingestion.printable import printable
from ingestion.queries import LakeUnreadableError, RejectedEvent, Snapshot, Totals
from ingestion.reading.explain import Coordinates, Trace, explain, read_reference
from streamlit_app import charts, live, panels
from streamlit_app.event_text import as_text
from streamlit_app.figures import is_dark
from streamlit_app.formats import instant, nombre
from streamlit_app.labels import LABELS, PARSE_ERRORS, RAISONS, VERDICTS

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
        st.caption(LABELS["no_lag" if freshness.all_published else "open_lag"])


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


def isolated(events: Sequence[Isolated]) -> None:
    """What went past the stream, the newest first; nothing where there is none."""
    if not events:
        return
    with st.container(border=True):
        st.subheader(LABELS["isoles"])
        st.warning(LABELS["isoles_intro"].format(nombre(len(events))), icon=":material/warning:")
        st.dataframe(
            [
                {
                    LABELS["partition"]: event.partition,
                    LABELS["offset"]: event.offset,
                    LABELS["taille"]: event.size,
                    LABELS["isole_le"]: instant(event.isolated_at),
                }
                for event in sorted(events, key=lambda event: event.isolated_at, reverse=True)[:SHOWN_EVENTS]
            ],
            hide_index=True,
            column_config={LABELS[name]: _NUMBER for name in ("offset", "taille")},
        )


def search(key: str) -> None:
    """Ask for a `vente_id` or a place in Kafka, and show every event there."""
    wanted = st.text_input(
        LABELS["recherche"],
        key="vente_id",
        bind="query-params",
        placeholder="1795329562159001",
        max_chars=40,
        icon=":material/search:",
    )
    text = (wanted or "").strip()
    if not text:
        return
    try:
        reference = read_reference(text)
    except ValueError:
        st.error(LABELS["not_a_number"], icon=":material/error:")
        return
    _traces(key, reference)


def _traces(key: str, wanted: int | Coordinates) -> None:
    try:
        traces = _explain(key, wanted)
    except LakeUnreadableError as error:
        logger.error("%s", error.for_log)
        st.warning(LABELS["not_searched"], icon=":material/warning:")
        return
    if not traces:
        label = "not_found" if isinstance(wanted, int) else "no_such_place"
        st.info(LABELS[label], icon=":material/search_off:")
    for trace in traces:
        _trace(trace)


@st.cache_data(ttl="30s", max_entries=32, show_spinner=LABELS["searching"])
def _explain(key: str, wanted: int | Coordinates) -> list[Trace]:
    """`key` is the publication's: another one may bring another verdict."""
    with queries.reading("the events"):
        return explain(wanted)


def _trace(trace: Trace) -> None:
    label, color, icon = VERDICTS[trace.verdict]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(label, color=color, icon=icon)
            if trace.raison:
                # no Markdown: a table may hold a reason that this page has no word for
                st.text(printable(_reason(trace.raison, trace.parse_error)), width="content")
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
    st.code(_beginning(value, len(value), keep="\n\t"), language=None, wrap_lines=True)
    with st.expander(LABELS["octets"].format(nombre(len(value)))):
        st.code(value[:SHOWN_BYTES].hex(" "), language=None, wrap_lines=True)


def _beginning(value: bytes, size: int, keep: str = "") -> str:
    """As much of an event of so many bytes as is shown, and how much there is."""
    more = LABELS["tronque"].format(nombre(size)) if size > SHOWN_BYTES else ""
    return printable(as_text(value[:SHOWN_BYTES], size), keep) + more


def _reason(raison: str, parse_error: str | None) -> str:
    reason = RAISONS.get(raison, raison)
    return f"{reason} ({PARSE_ERRORS.get(parse_error, parse_error)})" if parse_error else reason


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
                LABELS["raison"]: _reason(row.raison, row.parse_error),
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
    if rows:
        st.caption(LABELS["rejected_hint"].format(f"{rows[0].kafka_partition}:{rows[0].kafka_offset}"))
