"""Read Kafka records of any size without filling the memory.

A batch of 2 MiB may unpack to gigabytes, and kafka-python unpacks it all at once.  This module unpacks it a piece at a
time.  From a record larger than `KEPT_BYTES`, it leaves out the parts that are larger, and keeps only their size.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

from kafka import KafkaConsumer, codec
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecord, DefaultRecordBatch
from kafka.record.util import decode_varint

from ingestion.sizes import KEPT_BYTES

PIECE = 1024 * 1024
# a length in Kafka's records has at most this many bytes
_VARINT = 10


class LeftInKafka:
    """Bytes that stayed in Kafka; the length is their number."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size


def limit_unpacking(consumer: KafkaConsumer) -> KafkaConsumer:
    """Make the consumer unpack within bounds: a key or value that is too large becomes `LeftInKafka`.

    Headers that are too large are replaced by a single one, whose value is `LeftInKafka`.
    """
    # kafka-python has no option for this, but looks the class up on the instance for each fetch
    consumer._fetcher.PartitionRecords = _BoundedRecords
    return consumer


class _BoundedRecords(Fetcher.PartitionRecords):  # type: ignore[misc]
    def _unpack_records(self, tp: Any, records: Any, *deserializers: Any) -> Any:
        return super()._unpack_records(tp, _Batches(records), *deserializers)


class _Batches:
    """The batches of one fetch; those in formats older than Kafka 0.11 are passed on as they are."""

    def __init__(self, records: Any) -> None:
        self._records = records

    def next_batch(self) -> Any:
        batch = self._records.next_batch()
        return BoundedBatch(batch._buffer) if isinstance(batch, DefaultRecordBatch) else batch


class BoundedBatch(DefaultRecordBatch):  # type: ignore[misc]
    """From `_pos` on, `_buffer` holds what is unpacked and not yet read."""

    _buffer: bytearray
    _pos: int
    _decompressed: bool
    _pieces: Iterator[bytes]

    def __iter__(self) -> "BoundedBatch":
        return self

    def __next__(self) -> DefaultRecord:
        try:
            return self._next()
        except (ValueError, IndexError) as error:
            raise CorruptRecordError(f"the batch at offset {self.base_offset} cannot be read: {error}") from error

    def _next(self) -> DefaultRecord:
        if not self._decompressed:
            self._pieces = _UNPACK[self.compression_type](bytes(memoryview(self._buffer)[self._pos :]))
            self._buffer, self._pos, self._decompressed = bytearray(), 0, True
        if self._next_record_index >= self._num_records:
            raise StopIteration
        self._next_record_index += 1
        self._fill(_VARINT)
        length, start = decode_varint(self._buffer, self._pos)
        if length > KEPT_BYTES:
            self._pos = start
            return self._read_large(length)
        self._fill(start - self._pos + length)
        try:
            return self._read_msg()
        except UnicodeDecodeError:
            # a header's name is not UTF-8: Java reads it with replacement characters, and so does this
            self._pos = start
            return self._read_large(length)

    def _fill(self, wanted: int) -> None:
        """Unpack until this many bytes can be read, or everything is unpacked."""
        if len(self._buffer) - self._pos >= wanted:
            return
        del self._buffer[: self._pos]
        self._pos = 0
        while len(self._buffer) < wanted and (piece := next(self._pieces, None)) is not None:
            self._buffer += piece

    def _read_large(self, length: int) -> DefaultRecord:
        self._take(1)
        timestamp = self.first_timestamp + self._varint()
        if self.timestamp_type == self.LOG_APPEND_TIME:
            timestamp = self.max_timestamp
        offset = self.base_offset + self._varint()
        key, value = self._part(self._varint()), self._part(self._varint())
        headers = self._headers(self._varint())
        return DefaultRecord(length, offset, timestamp, self.timestamp_type, key, value, headers)

    def _headers(self, count: int) -> list[tuple[str, Any]]:
        headers, size = list[tuple[str, Any]](), 0
        for _ in range(count):
            name, value = self._part(self._varint()), self._part(self._varint())
            size += len(name or b"") + len(value or b"")
            if size <= KEPT_BYTES:
                headers.append(((name or b"").decode(errors="replace"), value))
        return headers if size <= KEPT_BYTES else [("", LeftInKafka(size))]

    def _varint(self) -> int:
        self._fill(_VARINT)
        number, self._pos = decode_varint(self._buffer, self._pos)
        return int(number)

    def _part(self, size: int) -> Any:
        if size < 0:
            return None
        if size <= KEPT_BYTES:
            return self._take(size)
        for passed in range(0, size, PIECE):
            self._take(min(PIECE, size - passed))
        return LeftInKafka(size)

    def _take(self, size: int) -> bytes:
        self._fill(size)
        taken = bytes(memoryview(self._buffer)[self._pos : self._pos + size])
        if len(taken) < size:
            raise ValueError(f"the batch at offset {self.base_offset} ends within a record")
        self._pos += size
        return taken


def _gzip(packed: bytes) -> Iterator[bytes]:
    while packed:
        member = zlib.decompressobj(wbits=31)
        while not member.eof and packed:
            yield member.decompress(packed, PIECE)
            packed = member.unconsumed_tail
        packed = member.unused_data


def _zstd(packed: bytes) -> Iterator[bytes]:
    with codec.zstd.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as stream:
        while piece := stream.read(PIECE):
            yield piece


def _lz4(packed: bytes) -> Iterator[bytes]:
    while packed:
        frame, rest = codec.lz4.LZ4FrameDecompressor(), packed
        while not frame.eof and (rest or not frame.needs_input):
            yield frame.decompress(rest, PIECE)
            rest = b""
        packed = frame.unused_data or b""


def _snappy(packed: bytes) -> Iterator[bytes]:
    """Blocks as Java writes them, 32 KiB each; or a single one, which unpacks to at most some twenty times its size."""
    if not codec._detect_xerial_stream(packed):
        yield codec.snappy_decode(packed)
        return
    start = 16
    while start < len(packed):
        end = start + 4 + int.from_bytes(packed[start : start + 4])
        yield codec.snappy.decompress(packed[start + 4 : end])
        start = end


_UNPACK: dict[int, Callable[[bytes], Iterator[bytes]]] = {
    DefaultRecordBatch.CODEC_NONE: lambda packed: iter([packed]),
    DefaultRecordBatch.CODEC_GZIP: _gzip,
    DefaultRecordBatch.CODEC_SNAPPY: _snappy,
    DefaultRecordBatch.CODEC_LZ4: _lz4,
    DefaultRecordBatch.CODEC_ZSTD: _zstd,
}
