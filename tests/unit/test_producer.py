"""What is sent, and what the report says of it; the sending itself is told by the end-to-end tests."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice

from ingestion.event import Message
from ingestion.source.faulty import KINDS
from ingestion.source.messages import BLOCK, feed
from ingestion.source.producer import Report


def reserver() -> tuple[Callable[[int], range], list[int]]:
    """Numbers from 1 on, and the sizes of the blocks that were asked for."""
    blocks: list[int] = []

    def reserve(count: int) -> range:
        first = sum(blocks) + 1
        blocks.append(count)
        return range(first, first + count)

    return reserve, blocks


def send(seed: int = 1, count: int | None = 50, **options: object) -> list[Message]:
    return list(feed(seed, count, reserve=reserver()[0], **options))  # type: ignore[arg-type]


def times(messages: list[Message]) -> list[datetime]:
    return [datetime.fromisoformat(json.loads(m.value or b"")["timestamp"]).replace(tzinfo=UTC) for m in messages]


def test_report_counts_kinds_and_keeps_the_ends_of_each_partition() -> None:
    report = Report()
    for kind, partition, offset in [("vente", 0, 7), ("doublon", 0, 5), ("vente", 2, 1), ("vente", 0, 6)]:
        report.add(kind, partition, offset)
    assert report.acknowledged == 4
    assert report.kinds == {"vente": 3, "doublon": 1}
    assert (report.from_offsets, report.to_offsets) == ({0: 5, 2: 1}, {0: 8, 2: 2})


def test_feed_sends_count_sales_keyed_by_their_number() -> None:
    messages = send(count=50)
    assert [message.kind for message in messages] == ["vente"] * 50
    assert [message.key for message in messages] == [str(n).encode() for n in range(1, 51)]
    assert [json.loads(message.value or b"")["vente_id"] for message in messages] == list(range(1, 51))


def test_sales_are_dated_when_they_are_made() -> None:
    before = datetime.now(UTC)
    sent = times(send(count=20))
    assert before <= sent[0]
    assert sent == sorted(sent)
    assert sent[-1] <= datetime.now(UTC)


def test_since_spreads_the_sales_over_the_past_in_time_order() -> None:
    sent = times(send(count=500, since=timedelta(days=7)))
    assert sent == sorted(sent)
    assert datetime.now(UTC) - timedelta(days=7, minutes=1) < sent[0]
    assert sent[-1] - sent[0] > timedelta(days=5)
    assert sent[-1] < datetime.now(UTC)


def test_slow_feed_reserves_a_second_of_ids_at_a_time() -> None:
    reserve, blocks = reserver()
    list(islice(feed(1, None, rate=2.5, reserve=reserve), 7))
    assert blocks == [3, 3, 3]


def test_fast_feed_reserves_large_blocks_and_no_more_than_it_needs() -> None:
    reserve, blocks = reserver()
    assert sum(1 for _ in feed(1, BLOCK + 5, reserve=reserve)) == BLOCK + 5
    assert blocks == [BLOCK, 5]


def test_dirty_feed_sends_every_kind_once_among_the_sales() -> None:
    messages = send(count=100, dirty=True)
    kinds = Counter(message.kind for message in messages)
    assert kinds == {"vente": 100} | {kind.name: 1 for kind in KINDS}
    assert messages[-1].kind == "vente"


def test_dirty_feed_shorter_than_the_kinds_still_sends_all_of_them() -> None:
    assert Counter(message.kind for message in send(count=1, dirty=True)).total() == 1 + len(KINDS)


def test_dirty_feed_sends_a_full_set_for_each_started_thousand() -> None:
    kinds = Counter(message.kind for message in send(count=1001, dirty=True))
    assert kinds["doublon"] == kinds["timestamp_futur"] == 2


def test_copies_follow_their_sale_under_its_key_and_others_have_an_id_of_their_own() -> None:
    messages = send(count=100, dirty=True)
    first_seen: dict[bytes, str] = {}
    copies = {kind.name for kind in KINDS if kind.copies}
    for message in messages:
        known = first_seen.setdefault(message.key, message.kind)
        assert (known != message.kind) == (message.kind in copies)
        assert known == "vente" or message.kind not in copies


def test_faulty_events_of_a_feed_from_the_past_are_of_now() -> None:
    messages = send(count=100, dirty=True, since=timedelta(days=30))
    (future,) = [message for message in messages if message.kind == "timestamp_futur"]
    assert times([future])[0] > datetime.now(UTC) + timedelta(days=1)


def test_dirty_feed_sends_the_same_sales_as_a_clean_one() -> None:
    def contents(messages: list[Message]) -> list[tuple[int, int, int]]:
        values = [json.loads(message.value or b"") for message in messages if message.kind == "vente"]
        return [(value["client_id"], value["produit_id"], value["quantite"]) for value in values]

    assert contents(send(count=60)) == contents(send(count=60, dirty=True))
