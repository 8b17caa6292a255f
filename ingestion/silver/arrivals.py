"""Up to which moment everything that arrived is published: what a silence of the source can be told by."""

import logging
from datetime import UTC, datetime

from kafka.errors import KafkaError

from ingestion.bronze.ends import BronzeEnds
from ingestion.bronze.resume import read_ends
from ingestion.bronze.waiting import measure_waiting
from ingestion.lake.failures import LakeUnreadableError
from ingestion.lake.ledger import newest_publication
from ingestion.settings import PathSettings, load
from ingestion.topic.client import BrokerError

logger = logging.getLogger(__name__)


def arrived_until(bronze: BronzeEnds | None = None) -> str:
    """That moment, as text with its zone; empty if it cannot be told.

    Then nothing is looked for, because a pipeline that stands still looks like a silence.  While events wait, it is the
    arrival of the oldest: everything before it is published.  `bronze`: what is known of its log already.
    """
    paths, bronze, asked_at = load(PathSettings), bronze or BronzeEnds(), datetime.now(UTC)
    try:
        newest = newest_publication(paths.silver)
        published = newest.offsets if newest else {}
        waiting = measure_waiting(published, bronze.refresh(), read_ends(paths, bronze))
    except (BrokerError, KafkaError, OSError, LakeUnreadableError) as error:
        logger.warning("nobody knows whether something waits in Kafka, so nothing is looked for: %s", error)
        return ""
    if not waiting.is_whole:
        logger.warning("the broker did not send in time what waits, which may be of any age; nothing is looked for")
        return ""
    known = [moment for moment in (waiting.oldest_at, waiting.open_transaction_at) if moment is not None]
    return min([asked_at, *known]).isoformat()
