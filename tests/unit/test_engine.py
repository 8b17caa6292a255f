"""What the read side's DuckDB holds of the files that it has read does not grow with their number."""

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.lake import engine
from ingestion.lake.engine import Engine

MOST = 5
SUM = "select sum(n)::int from read_parquet($files)"


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "MOST_CACHED_FILES", MOST)
    files = [str(tmp_path / f"{n}.parquet") for n in range(40)]
    for n, file in enumerate(files):
        pq.write_table(pa.table({"n": [n]}), file)
    return files


def cached_bytes(engine):
    ((held,),) = engine.rows("select memory_usage_bytes from duckdb_memory() where tag = 'OBJECT_CACHE'", {})
    return held


def test_the_cache_starts_again_after_so_many_files(files):
    engine, held = Engine(), []
    for n, file in enumerate(files):
        assert engine.rows(SUM, {"files": [file]}) == [(n,)]
        held.append(cached_bytes(engine))
    assert held[0] < held[MOST - 1]
    assert max(held) <= held[MOST - 1] * 1.1
    assert held[MOST] < held[MOST - 1]


def test_files_that_are_read_again_stay_cached_however_many_they_are(files):
    engine = Engine()
    engine.rows(SUM, {"files": files})
    held = cached_bytes(engine)
    engine.rows(SUM, {"files": files[:3]})
    assert engine.rows(SUM, {"files": files}) == [(sum(range(len(files))),)]
    assert cached_bytes(engine) == held


def test_threads_get_their_rows_while_it_starts_again(files):
    engine = Engine()
    wanted = list(range(len(files)))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: engine.rows(SUM, {"files": [files[n]]}), wanted))
    assert found == [[(n,)] for n in wanted]
