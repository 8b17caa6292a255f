"""Run Gold: make the marts from what Silver has published, not more often than the setting says."""

import time
from datetime import UTC, datetime

from ingestion.lake.engine import Engine
from ingestion.lake.gold_ledger import GoldLedger, GoldPublication
from ingestion.lake.ledger import Ledger
from ingestion.settings import GoldSettings, PathSettings, load
from ingestion.silver.slices import GOLD, WATCH, Silver, SilverError

LOOK_SECONDS = 1.0
# what anomalies are looked for in (dbt_sales/macros/gold/measures.sql): the tick, and how long after it
TICK_SECONDS, TICK_DELAY = 300, 10
# after a failure, because each attempt writes files
LEAST_RETRY_SECONDS = 60.0


class Marts:
    """When Gold is due, and a run of it in the same resident dbt as Silver's."""

    def __init__(self, silver: Silver) -> None:
        paths, engine = load(PathSettings), Engine()
        self._silver = silver
        self._slices = Ledger(paths.silver / "bilan_ingestion", engine)
        self._gold = GoldLedger(paths.gold / "bilan_gold", engine)
        self._settings = load(GoldSettings)
        self._not_before = 0.0

    def are_due(self) -> bool:
        """Whether there is something new, and the last run is long enough ago.  Raises LakeUnreadableError.

        Without news, this costs two looks at the ledgers' logs in a second.
        """
        interval = self._settings.gold_interval_seconds
        if not interval or time.monotonic() < self._not_before:
            return False
        self._not_before = time.monotonic() + LOOK_SECONDS
        return (self.are_outdated() or self.have_not_looked()) and self.seconds_to_wait() == 0.0

    def have_not_looked(self) -> bool:
        """Whether there are five minutes that were not examined for anomalies.

        Also if nothing has arrived, because that may be one.  Raises LakeUnreadableError.
        """
        made = self._gold.newest()
        return made is not None and _tick(made.published_at) < _tick(datetime.now(UTC))

    def are_outdated(self) -> bool:
        """Whether the marts stand on something else than Silver's newest publication.  Raises LakeUnreadableError."""
        slices, made = self._slices.slices(), self._gold.newest()
        if not slices or made is None:
            return bool(slices)
        published = slices[-1]
        # a rebuild of Silver publishes the same slice with other versions
        stands_on = (made.tranche, made.silver_versions, made.fuseau)
        return stands_on != (published.tranche, published.versions, self._settings.fuseau_rapport)

    def seconds_to_wait(self) -> float:
        """Until the interval since the last run is over; 0 if it is, or if the clock was set back."""
        made = self._gold.newest()
        age = (datetime.now(UTC) - made.published_at).total_seconds() if made else -1.0
        return max(0.0, self._settings.gold_interval_seconds - age) if age >= 0 else 0.0

    def make(self, *options: str) -> GoldPublication:
        """Make the marts and return what was published.  Raises SilverError."""
        # a run that fails is repeated when the next one would be due
        self._not_before = time.monotonic() + max(self._settings.gold_interval_seconds, LEAST_RETRY_SECONDS)
        before = self._gold.newest()
        is_watch = not options and before is not None and "mesures" in before.versions and not self.are_outdated()
        try:
            self._silver.build_gold(*options, select=WATCH if is_watch else GOLD)
        except SilverError:
            # a slice may have closed while the run waited for the lock
            if not is_watch or not self.are_outdated():
                raise
            self._silver.build_gold(*options)
        made = self._gold.newest()
        if made is None or made == before:
            raise SilverError("a run of Gold succeeded but published nothing; look at its ledger (sales status)")
        self._not_before = 0.0
        return made


def publish_gold(*, rebuild: bool = False) -> GoldPublication | None:
    """Make the marts now; None if there is no slice, or if nothing is new: no slice, and no five minutes to look at.

    Raises SilverError.
    """
    silver = Silver()
    marts = Marts(silver)
    if silver.last_publication() is None or not (rebuild or marts.are_outdated() or marts.have_not_looked()):
        return None
    return marts.make(*(("--vars", "{rebuild_gold: true}") if rebuild else ()))


def _tick(moment: datetime) -> int:
    """The five minutes that are over at that moment, and long enough for what was sent in them to have arrived."""
    return int(moment.timestamp() - TICK_DELAY) // TICK_SECONDS
