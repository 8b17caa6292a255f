"""Run Gold: make the marts from what Silver has published, not more often than the setting says."""

import time
from datetime import UTC, datetime

from ingestion.lake.gold_ledger import GoldPublication, newest_gold
from ingestion.settings import GoldSettings, PathSettings, load
from ingestion.silver.slices import Silver, SilverError

LOOK_SECONDS = 1.0


class Marts:
    """When Gold is due, and a run of it in the same resident dbt as Silver's."""

    def __init__(self, silver: Silver) -> None:
        self._silver = silver
        self._gold = load(PathSettings).gold
        self._settings = load(GoldSettings)
        self._not_before = 0.0

    def are_due(self) -> bool:
        """Whether there is something new, and the last run is long enough ago.  Raises LakeUnreadableError."""
        interval, published = self._settings.gold_interval_seconds, self._silver.published
        if not interval or published is None or time.monotonic() < self._not_before:
            return False
        self._not_before = time.monotonic() + LOOK_SECONDS
        made = newest_gold(self._gold)
        if made is None:
            return True
        age = (datetime.now(UTC) - made.published_at).total_seconds()
        is_new = (made.tranche, made.fuseau) != (published.tranche, self._settings.fuseau_rapport)
        # a clock that was set back must not stop Gold
        return is_new and not 0 <= age < interval

    def make(self, *options: str) -> GoldPublication:
        """Make the marts and return what was published.  Raises SilverError."""
        # a run that fails is repeated when the next one would be due
        self._not_before = time.monotonic() + self._settings.gold_interval_seconds
        before = newest_gold(self._gold)
        self._silver.build_gold(*options)
        made = newest_gold(self._gold)
        if made is None or made == before:
            raise SilverError("a run of Gold succeeded but published nothing; look at its ledger (sales status)")
        return made


def publish_gold(*, rebuild: bool = False) -> GoldPublication | None:
    """Make the marts now; None if they already stand on the newest slice, or if there is none.  Raises SilverError."""
    silver = Silver()
    newest, made = silver.last_publication(), newest_gold(load(PathSettings).gold)
    zone = load(GoldSettings).fuseau_rapport
    if newest is None or (not rebuild and made and (made.tranche, made.fuseau) == (newest.tranche, zone)):
        return None
    return Marts(silver).make(*(("--vars", "{rebuild_gold: true}") if rebuild else ()))
