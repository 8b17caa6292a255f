"""The parts of the trust page: the balance, the ledger, the quarantine, the path of one sale."""

import logging
from collections.abc import Sequence
from typing import Any

import streamlit as st

from ingestion import queries
from ingestion.bronze.gaps import Gap
from ingestion.bronze.isolated_record import Isolated
from ingestion.lake.ledger import Publication
from ingestion.printable import printable
from ingestion.queries import LakeUnreadableError, RejectedEvent, Snapshot, Totals
from ingestion.reading.explain import Coordinates, Trace, explain, read_reference
from streamlit_app import charts, panels, singletons
from streamlit_app.event_text import as_text
from streamlit_app.figures import is_dark
from streamlit_app.language_choice import language

logger = logging.getLogger(__name__)
SHOWN_SLICES, SHOWN_EVENTS, SHOWN_BYTES = 50, 50, 2_000
# colour and icon of each verdict
VERDICTS: dict[str, tuple[Any, str]] = {
    "valide": ("green", ":material/check_circle:"),
    "doublon": ("blue", ":material/content_copy:"),
    "rejete": ("red", ":material/block:"),
    "en_attente": ("orange", ":material/hourglass_empty:"),
}


def balance(totals: Totals) -> None:
    """Show read = clean + rejected + duplicates as a sum."""
    words = language()
    with st.container(horizontal=True, key="balance"):
        for name in ("rows_read", "rows_clean", "rows_rejected", "rows_duplicates"):
            st.metric(words[name], words.formats.number(getattr(totals, name)), border=True)
    accounted = totals.rows_clean + totals.rows_rejected + totals.rows_duplicates
    if totals.rows_read == accounted:
        st.success(words["balanced"], icon=":material/check_circle:")
    else:
        st.error(words.count("unbalanced", abs(totals.rows_read - accounted)), icon=":material/error:")


def backlog() -> None:
    """How far the published figures are behind Kafka now."""
    words, freshness = language(), singletons.sampler().latest()
    if freshness is None or freshness.lag is None:
        st.caption(words["lag_unknown"])
    elif freshness.lag:
        st.caption(words.count("lag", freshness.lag))
    else:
        st.caption(words["no_lag" if freshness.all_published else "open_lag"])


def losses(gaps: Sequence[Gap]) -> None:
    """The gaps that somebody has accepted; nothing if there are none."""
    if not gaps:
        return
    words = language()
    with st.container(border=True):
        st.subheader(words["losses"])
        st.warning(words.count("losses_intro", sum(gap.offsets for gap in gaps)), icon=":material/warning:")
        panels.table(
            [
                {
                    words["partition"]: gap.partition,
                    words["from_offset"]: gap.from_offset,
                    words["to_offset"]: gap.to_offset,
                    words["events"]: gap.offsets,
                    words["accepted_at"]: words.formats.instant(gap.accepted_at) if gap.accepted_at else "-",
                }
                for gap in gaps
            ],
            numbers=("from_offset", "to_offset", "events"),
        )


def isolated(events: Sequence[Isolated]) -> None:
    """The events that bypassed the stream, the newest first; nothing if there are none."""
    if not events:
        return
    words = language()
    with st.container(border=True):
        st.subheader(words["isolated"])
        st.warning(words.count("isolated_intro", len(events)), icon=":material/warning:")
        panels.table(
            [
                {
                    words["partition"]: event.partition,
                    words["offset"]: event.offset,
                    words["size"]: event.size,
                    words["isolated_at"]: words.formats.instant(event.isolated_at),
                }
                for event in sorted(events, key=lambda event: event.isolated_at, reverse=True)[:SHOWN_EVENTS]
            ],
            numbers=("offset", "size"),
        )


def search(key: str) -> None:
    """Ask for a `vente_id`, or a partition and offset, and show every event found."""
    wanted = st.text_input(
        language()["search"],
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
        st.error(language()["not_a_number"], icon=":material/error:")
        return
    _traces(key, reference)


def _traces(key: str, wanted: int | Coordinates) -> None:
    words = language()
    try:
        with st.spinner(words["searching"]):
            traces = _explain(key, wanted)
    except LakeUnreadableError as error:
        logger.error("%s", error.for_log)
        st.warning(words["not_searched"], icon=":material/warning:")
        return
    if not traces:
        label = "not_found" if isinstance(wanted, int) else "no_such_place"
        st.info(words[label], icon=":material/search_off:")
    for trace in traces:
        _trace(trace)


@st.cache_data(ttl="30s", max_entries=32, show_spinner=False)
def _explain(key: str, wanted: int | Coordinates) -> list[Trace]:
    """`key` is that of the publication, because a newer one may bring another verdict."""
    with queries.reading("the events"):
        return explain(wanted)


def _trace(trace: Trace) -> None:
    words = language()
    color, icon = VERDICTS[trace.verdict]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(words.verdicts[trace.verdict], color=color, icon=icon)
            if trace.raison:
                # not as Markdown: a table may hold a reason that no language has a word for
                st.text(printable(words.reason(trace.raison, trace.parse_error)), width="content")
        st.markdown(
            " · ".join(
                (
                    f"{words['tranche']} **{'?' if trace.tranche is None else trace.tranche}**",
                    f"{words['partition']} **{trace.kafka_partition}**",
                    f"{words['offset']} **{words.formats.number(trace.kafka_offset)}**",
                    f"{words['received_at']} {words.formats.instant(trace.kafka_timestamp)}",
                )
            )
        )
        _raw_bytes(trace.value, trace.parse_error)


def _raw_bytes(value: bytes | None, parse_error: str | None) -> None:
    words = language()
    if value is None:
        st.caption(words["only_in_kafka" if parse_error == "trop_grand" else "tombstone"])
        return
    st.code(_beginning(value, len(value), keep="\n\t"), language=None, wrap_lines=True)
    with st.expander(words.count("bytes_in_hex", len(value))):
        st.code(value[:SHOWN_BYTES].hex(" "), language=None, wrap_lines=True)


def _beginning(value: bytes, size: int, keep: str = "") -> str:
    """The part of an event of `size` bytes that is shown, and how much there is."""
    more = language().count("cut_off", size) if size > SHOWN_BYTES else ""
    return printable(as_text(value[:SHOWN_BYTES], size), keep) + more


def ledger(slices: Sequence[Publication]) -> None:
    words, counts = language(), ("rows_read", "rows_clean", "rows_rejected", "rows_duplicates")
    if not slices:
        st.caption(words["no_slice"])
        return
    panels.table(
        [
            {words["tranche"]: each.tranche, words["closed_at"]: words.formats.instant(each.closed_at)}
            | {words[name]: getattr(each, name) for name in counts}
            for each in reversed(slices[-SHOWN_SLICES:])
        ],
        numbers=counts,
    )
    if len(slices) > SHOWN_SLICES:
        st.caption(words["more_slices"].format(SHOWN_SLICES, words.formats.number(len(slices))))


def quarantine(snapshot: Snapshot) -> None:
    words, counts = language(), queries.rejected_by_raison(snapshot)
    if not counts:
        st.info(words["nothing_rejected"], icon=":material/verified:")
        return
    panels.chart(st.container(), charts.rejections(words, counts, dark=is_dark()))
    with st.container(horizontal=True):
        raison = st.selectbox(
            words["raison"],
            list(counts),
            index=None,
            placeholder=words["all_reasons"],
            format_func=lambda each: f"{words.reason(each)} ({words.formats.number(counts[each])})",
        )
        matching = counts[raison] if raison else sum(counts.values())
        pages = -(-matching // SHOWN_EVENTS)
        of_pages = words["page"].format(words.formats.number(pages))
        page = st.number_input(of_pages, 1, pages, width=180) if pages > 1 else 1
    _rejected_table(queries.rejected(snapshot, raison, SHOWN_EVENTS, SHOWN_EVENTS * (page - 1)))


def _rejected_table(rows: Sequence[RejectedEvent]) -> None:
    words, formats = language(), language().formats
    st.dataframe(
        [
            {
                words["raison"]: words.reason(row.raison, row.parse_error),
                words["content"]: words["no_content"]
                if row.value is None
                else _beginning(row.value, row.value_size or 0),
                words["size"]: "-" if row.value_size is None else formats.number(row.value_size),
                words["received_at"]: formats.instant(row.kafka_timestamp),
                words["partition"]: row.kafka_partition,
                words["offset"]: row.kafka_offset,
                words["tranche"]: row.tranche,
            }
            for row in rows
        ],
        hide_index=True,
        column_config={
            words["content"]: st.column_config.TextColumn(width="large"),
            words["size"]: st.column_config.TextColumn(alignment="right"),
        },
    )
    if rows:
        st.caption(words["rejected_hint"].format(f"{rows[0].kafka_partition}:{rows[0].kafka_offset}"))
