"""Bronze's files as Spark writes them, in pieces that fit into memory."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from ingestion.bronze_table import NUMBERS
from ingestion.verify import loading
from ingestion.verify.loading import FEW_ROWS, _batches, _evaluate

MOMENT = datetime(2026, 11, 25, 10, 30, 0, 123456, tzinfo=UTC)


def batches_of(path: Path, values: list[bytes | None]) -> list[pa.RecordBatch]:
    count = len(values)
    columns = {
        "kafka_partition": pa.array([0] * count, pa.int32()),
        "kafka_offset": pa.array(range(count), pa.int64()),
        "kafka_timestamp": pa.array([MOMENT] * count, pa.timestamp("us", "UTC")),
        "key": pa.array([b"1"] * count, pa.binary()),
        "value": pa.array(values, pa.binary()),
        "parse_error": pa.array(["trop_grand"] * count, pa.string()),
        **{name: pa.array([None] * count, pa.string()) for name in NUMBERS},
    }
    pq.write_table(pa.table(columns), path, use_deprecated_int96_timestamps=True)
    (fragment,) = ds.dataset(path).get_fragments()
    return list(_batches(fragment))


def test_a_timestamp_of_spark_is_microseconds(tmp_path: Path) -> None:
    (batch,) = batches_of(tmp_path / "spark.parquet", [b"{}", None])
    rows = _evaluate(batch).to_pylist()
    assert [row["kafka_timestamp"] for row in rows] == [round(MOMENT.timestamp() * 1e6)] * 2
    assert [(row["raison"], row["is_too_large"]) for row in rows] == [("vente_id_invalide", True), ("illisible", True)]


def test_large_values_come_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "BATCH_BYTES", 100_000)
    batches = batches_of(tmp_path / "large.parquet", [b"%d" % n * 1000 for n in range(100)])
    assert max(batch.num_rows for batch in batches) == FEW_ROWS
    assert sum(batch.num_rows for batch in batches) == 100
