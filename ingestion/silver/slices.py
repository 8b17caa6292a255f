"""Run the dbt project: one slice at a time, until everything in Bronze is published.

dbt runs within this process, so its manifest is parsed once, and a slice costs only its statements.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from deltalake import DeltaTable

from ingestion import catalogue
from ingestion.addresses import is_loopback
from ingestion.bronze.ends import BronzeEnds
from ingestion.environment import forget_foreign
from ingestion.errors import SalesError
from ingestion.event import Offsets
from ingestion.gateway import sql
from ingestion.lake.delta_tables import table_exists
from ingestion.lake.ledger import Publication, newest_publication
from ingestion.lake.ownership import refuse_strangers
from ingestion.printable import printable
from ingestion.processes.liveness import alive, claim_life
from ingestion.settings import DBT_PROJECT, GoldSettings, PathSettings, SparkSettings, load
from ingestion.silver import arrivals
from ingestion.silver.run_results import remember

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

LOCK = "default.silver_lock"
# the tag of the dbt tests that judge the whole history, or what no slice changes
OUTSIDE_SLICES = "outside_slices"
# what no run needs: unit tests, which check the code, and the tests above
NEVER_RUN = ["resource_type:unit_test", f"tag:{OUTSIDE_SLICES}"]
GOLD = "tag:gold"
# the part of Gold that also moves while nothing arrives, because silence is news
WATCH = "tag:watch"
# what a slice does not need
HOT_PATH_EXCLUDED = [*NEVER_RUN, GOLD]
logger = logging.getLogger(__name__)


class SilverError(SalesError):
    """A run failed: its slice stays open and unpublished.  The message is dbt's reason."""


class Silver:
    """A dbt that stays loaded in this process."""

    def __init__(self) -> None:
        paths, spark = load(PathSettings), load(SparkSettings)
        self._scratch = paths.var_dir / "dbt"
        self._silver = paths.silver
        self._bronze = BronzeEnds()
        self.published: Publication | None = None
        self._manifest: Manifest | None = None
        self._parsed_at = 0.0
        os.environ |= {
            "SPARK_HOST": spark.host,
            "SPARK_THRIFT_PORT": str(spark.thrift_port),
            "SALES_HOLDER": holder(),
            "FUSEAU_RAPPORT": load(GoldSettings).fuseau_rapport,
        }

    def pending_count(self) -> int:
        """The number of events that Bronze holds and readers do not see yet; almost free while Bronze is unchanged."""
        ends = self._bronze.refresh()
        if self._behind(ends) > 0:
            self.published = self.last_publication()
        return self._behind(ends)

    def last_publication(self) -> Publication | None:
        return newest_publication(self._silver)

    def _behind(self, ends: Offsets) -> int:
        published = self.published.offsets if self.published else {}
        return sum(max(0, end - published.get(partition, 0)) for partition, end in ends.items())

    def run_slice(self, *options: str) -> None:
        """Finish the open slice, or open and finish the next one.  Raises SilverError, CatalogueError."""
        if self.edited():
            # a rule was corrected, and the slice that waits for the correction must see it
            self.parse()
        self._build(*options)

    def publish_next(self) -> Publication:
        """Run a slice and return what it has published.  Raises SilverError, also if it has published nothing."""
        before = self.published
        self.run_slice()
        self.published = self.last_publication()
        if self.published is None or self.published == before:
            raise SilverError("a run succeeded but closed no slice; look at the ledger (sales status)")
        return self.published

    def rebuild(self) -> None:
        """Rebuild every table from Bronze, over all slices; readers see the old tables until the last one is done."""
        self._build("--vars", "{rebuild: true}")

    def build_gold(self, *options: str, select: str = GOLD) -> None:
        """Make every mart from the newest published slice, and publish them.  Raises SilverError.

        `select`: WATCH makes only what looks for anomalies; the marts stay as they were published from the same slice.
        """
        if self.edited():
            self.parse()
        break_dead_lock()
        os.environ["ARRIVED_UNTIL"] = arrivals.arrived_until(self._bronze)
        self._invoke("build", "--select", select, "--exclude", *NEVER_RUN, *options)

    def _build(self, *options: str) -> None:
        catalogue.check()
        break_dead_lock()
        os.environ["SALES_COMMITS"] = slice_commits()
        self._invoke("build", "--exclude", *HOT_PATH_EXCLUDED, *options)

    def generate_docs(self) -> Path:
        """Write the dbt docs as one HTML file with the lineage graph; return its path."""
        self._invoke("docs", "generate", "--static", target=DBT_PROJECT / "target")
        return DBT_PROJECT / "target" / "static_index.html"

    def write_manifest(self, folder: Path) -> None:
        """Write `manifest.json`, from which Cosmos makes its tasks, and beside it the docs, from the project alone.

        This needs no gateway.  Raises SilverError.
        """
        self._manifest = self._invoke("parse", target=folder).result  # type: ignore[attr-defined]
        self._invoke("docs", "generate", "--static", "--no-compile", "--empty-catalog", target=folder)

    def parse(self) -> None:
        """Read the project once, for all runs until one of its files changes.  Raises SilverError, CatalogueError."""
        # set even if parsing fails, because another try is worthwhile only after a file has changed
        self._parsed_at = last_edit()
        # given a manifest, dbt's parse would only return it
        self._manifest = None
        # dbt reads the catalogues, too, but does not say which of them it cannot read
        catalogue.check()
        self._manifest = self._invoke("parse").result  # type: ignore[attr-defined]

    def edited(self) -> bool:
        """Whether a file of the project has changed since it was read; False if it was never read."""
        return self._parsed_at > 0 and self._parsed_at != last_edit()

    def _invoke(self, *arguments: str, target: Path | None = None) -> object:
        # dbt takes options from DBT_* at each call: DBT_EXCLUDE_RESOURCE_TYPES=test would close a slice untested
        forget_foreign()
        from dbt.cli.main import dbtRunner

        options = [
            *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
            # a separate folder, because a `dbt` run by hand writes into dbt_sales/target
            *("--target-path", str(target or self._scratch / "target"), "--log-path", str(self._scratch / "log")),
        ]
        # a run that ends before its first node would leave the results of the previous one
        results = self._scratch / "target" / "run_results.json"
        results.unlink(missing_ok=True)
        quiet = ["--quiet", "--no-use-colors", "--log-level-file", "info", "--log-file-max-bytes", "5000000"]
        result = dbtRunner(manifest=self._manifest).invoke([*quiet, *arguments, *options])
        if arguments[0] == "build":
            remember(results)
        if not result.success:
            raise SilverError(_failure(result))
        return result


def run_until_published(on_slice: Callable[[Publication], None] = lambda closed: None) -> Publication | None:
    """Run slices until everything in Bronze is published; return the last publication.  Raises SilverError."""
    silver = Silver()
    while silver.pending_count() > 0:
        on_slice(silver.publish_next())
    return silver.last_publication()


def rebuild() -> None:
    Silver().rebuild()


def generate_docs() -> Path:
    return Silver().generate_docs()


def holder() -> str:
    """How this process identifies itself in the lock on Silver (dbt_sales/macros/spark/lock.sql)."""
    return str(claim_life())


def slice_commits() -> str:
    """The newest commits of the tables that say which slice is the newest; empty before there is a slice.

    If a run has remembered the newest slice for the next one, that run compares these with what was remembered
    (dbt_sales/macros/silver/remembered_slice.sql).
    """
    tables = [load(PathSettings).silver / name for name in ("tranches", "bilan_ingestion")]
    if not all(map(table_exists, tables)):
        return ""
    return " ".join(str(DeltaTable(str(table)).version()) for table in tables)


def break_dead_lock() -> None:
    """Free the lock of a run whose process is dead; otherwise everyone would have to wait for its lease to expire."""
    with sql.session() as session:
        # whether a process still runs is known only in its own stack's folder
        refuse_strangers()
        # one statement, because the holder might release the lock between two
        ((invocation, holder),) = session.run(
            f"begin declare exit handler for sqlstate '42P01' select '' as invocation, '' as process; "
            f"select invocation, process from {LOCK}; end"
        )
        if invocation and not _may_live(holder):
            logger.info("freed the lock of the dead run %s", invocation)
            # another run may have freed it meanwhile and hold the lock now
            session.run(
                f"begin declare exit handler for sqlstate '42P01' begin end; "
                f"if exists (select * from {LOCK} where invocation = '{invocation}') then drop view {LOCK}; end if; end"
            )


def _may_live(holder: str) -> bool:
    """Whether the holder of the lock may still run; `holder`: its `life` number, empty for a `dbt` run by hand.

    That may be any dbt that reaches the gateway.  If the gateway is on this machine's loopback address, such a dbt is
    found among the processes here; otherwise, only the lease can tell.
    """
    if holder:
        return alive(int(holder))
    if not is_loopback(load(SparkSettings).host):
        return True
    commands = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return any(Path(word).name in ("dbt", "dbt.cli.main") for command in commands for word in command[:3])


def last_edit() -> float:
    """When a file of the dbt project was last written or deleted, in Unix time."""
    folders = ("models", "macros", "seeds", "tests")
    # the folders, too, because deleting a file changes its folder's time
    paths = [path for name in folders for path in (DBT_PROJECT / name, *(DBT_PROJECT / name).rglob("*"))]
    return max(path.stat().st_mtime for path in (DBT_PROJECT / "dbt_project.yml", *paths))


def _failure(result: object) -> str:
    """The first thing that failed in a dbt run, on one line."""
    exception = getattr(result, "exception", None)
    if isinstance(exception, KeyboardInterrupt):
        return "interrupted; the next run finishes a slice that is open"
    if exception is not None:
        return _one_line(str(exception)) or type(exception).__name__
    for node in getattr(getattr(result, "result", None), "results", []):
        if node.status in ("error", "fail", "runtime error"):
            return _one_line(f"{node.node.resource_type} {node.node.name}: {node.message}")
    return "dbt failed without a reason; see its log in the dbt folder of VAR_DIR"


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))[:600]
