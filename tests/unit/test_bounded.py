"""What is unpacked a piece at a time is what kafka-python reads, and never much at once."""

import tracemalloc

import pytest
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from ingestion.sizes import KEPT_BYTES
from ingestion.topic.unpacking import BoundedBatch, LeftInKafka

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
HEADERS = [("origine", b"caisse 4"), ("vide", None)]
SMALL = [(b"1", b'{"vente_id": 1}', HEADERS), (None, None, []), (b"", b"", []), (b"k" * 200, b"x" * 3_000_000, [])]


def packed(records, codec):
    builder = DefaultRecordBatchBuilder(2, codec, False, -1, -1, -1, 2**31)
    for number, (key, value, headers) in enumerate(records):
        builder.append(number, 1_700_000_000_000 + number, key, value, headers)
    return bytes(builder.build())


def read(batch):
    return [(r.offset, r.timestamp, r.timestamp_type, r.key, r.value, r.headers) for r in batch]


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_it_reads_what_kafka_python_reads(codec):
    batch = packed(SMALL * 30, codec)
    assert read(BoundedBatch(batch)) == read(DefaultRecordBatch(batch))


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_what_is_too_large_is_left_and_what_is_around_it_is_read(codec):
    large = (b"grand", bytes(KEPT_BYTES + 1), HEADERS)
    first, second, third = BoundedBatch(packed([SMALL[0], large, SMALL[0]], codec))
    assert (first.key, first.value, first.headers) == SMALL[0] == (third.key, third.value, third.headers)
    assert (second.offset, second.timestamp, second.key, second.headers) == (1, 1_700_000_000_001, b"grand", HEADERS)
    assert isinstance(second.value, LeftInKafka)
    assert len(second.value) == KEPT_BYTES + 1


def test_exactly_the_limit_is_kept():
    (record,) = BoundedBatch(packed([(None, bytes(KEPT_BYTES), [])], 1))
    assert record.value == bytes(KEPT_BYTES)


def test_a_key_or_headers_may_be_too_large_too():
    large = bytes(KEPT_BYTES + 1)
    key, header = BoundedBatch(packed([(large, b"{}", []), (b"1", b"{}", [("h", large)])], 1))
    assert (len(key.key), key.value) == (KEPT_BYTES + 1, b"{}")
    assert isinstance(key.key, LeftInKafka)
    ((_, left),) = header.headers
    assert isinstance(left, LeftInKafka)
    assert len(left) == KEPT_BYTES + 2


@pytest.mark.parametrize("name", ["gzip", "lz4", "zstd"])
def test_memory_does_not_follow_what_a_batch_unpacks_to(name):
    batch = packed([(b"1", bytes(100_000_000), [])], CODECS[name])
    tracemalloc.start()
    (record,) = BoundedBatch(batch)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(record.value) == 100_000_000
    assert peak < 20_000_000


def test_a_batch_that_ends_early_is_an_error():
    batch = bytearray(packed([(b"1", bytes(KEPT_BYTES + 1), [])], 0))
    with pytest.raises(CorruptRecordError, match="ends within a record"):
        list(BoundedBatch(batch[:-1000]))


def test_a_header_name_that_is_not_utf_8_stops_nobody():
    """Java takes it, so Bronze has the event."""
    batch = packed([SMALL[0], SMALL[0]], CODECS["none"]).replace(b"origine", b"orig\xffne")
    first, second = BoundedBatch(bytearray(batch))
    assert first.headers == [("orig\ufffdne", b"caisse 4"), ("vide", None)]
    assert (second.offset, second.key, second.value) == (1, *SMALL[0][:2])
