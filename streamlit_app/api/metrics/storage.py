"""The tables as their logs describe them, and the disks."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingestion.lake.delta_tables import commit_file
from ingestion.lake.failures import reading
from ingestion.queries import Lake, LakeUnreadableError
from ingestion.settings import PathSettings, load


class _Facts(NamedTuple):
    version: int
    files: int
    size: int
    committed_at: float


class Tables(Collector):
    """Reads only what is new in each log; a table without new commits costs one lookup."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._tables: dict[Path, DeltaTable] = {}
        self._facts: dict[Path, _Facts] = {}

    def collect(self) -> Iterable[Metric]:
        version = GaugeMetricFamily("sales_table_version", "Newest version of the table", labels=("table",))
        files = GaugeMetricFamily(
            "sales_table_files", "Data files in the newest version of the table", labels=("table",)
        )
        size = GaugeMetricFamily(
            "sales_table_size_bytes", "Size of the data files in the newest version of the table", labels=("table",)
        )
        at = GaugeMetricFamily(
            "sales_table_last_commit_timestamp_seconds",
            "When the newest version of the table was committed",
            labels=("table",),
        )
        stream = GaugeMetricFamily(
            "sales_stream_last_commit_timestamp_seconds", "When the newest version of Bronze's table was committed"
        )
        for path in self._lake.folders():
            name = (f"{path.parent.name}.{path.name}",)
            try:
                with reading(f"table {path.name}"):
                    facts = self._look(path)
            except LakeUnreadableError:
                # report the other tables; the absence of this one is visible
                continue
            version.add_metric(name, facts.version)
            files.add_metric(name, facts.files)
            size.add_metric(name, facts.size)
            at.add_metric(name, facts.committed_at)
            if path == self._lake.bronze:
                stream.add_metric((), facts.committed_at)
        yield from (version, files, size, at, stream)

    def _look(self, path: Path) -> _Facts:
        known = self._facts.get(path)
        if known and not commit_file(path, known.version + 1).exists():
            return known
        # dropped until everything has succeeded, because a torn log would otherwise be read only once
        table = self._tables.pop(path, None) or DeltaTable(str(path))
        table.update_incremental()
        sizes = pa.table(table.get_add_actions()).column("size_bytes")
        committed = commit_file(path, table.version()).stat().st_mtime
        facts = _Facts(table.version(), len(sizes), pc.sum(sizes).as_py() or 0, committed)
        self._tables[path], self._facts[path] = table, facts
        return facts


class Disks(Collector):
    def collect(self) -> Iterable[Metric]:
        free = GaugeMetricFamily(
            "sales_disk_free_bytes", "Free bytes of the disk with the lake or the state", labels=("volume",)
        )
        size = GaugeMetricFamily(
            "sales_disk_size_bytes", "Size of the disk with the lake or the state", labels=("volume",)
        )
        paths = load(PathSettings)
        for volume, folder in (("lake", paths.lake_dir), ("state", paths.var_dir)):
            if folder.exists():
                usage = shutil.disk_usage(folder)
                free.add_metric((volume,), usage.free)
                size.add_metric((volume,), usage.total)
        yield from (free, size)
