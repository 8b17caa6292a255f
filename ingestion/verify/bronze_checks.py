"""Is every event of the topic in Bronze once, as it was sent, and is it published in time?"""

from datetime import datetime, timedelta

from ingestion.verify.report import LEFT_IN_KAFKA, NOT_YET_PUBLISHED, Check
from ingestion.verify.workbench import Workbench

# Up to this offset, every event must be in Bronze: the end of what is published or, if higher, of what Bronze holds.
# A later event is still on its way.
_REACHED = """
select kafka_partition, max(end_offset) as end_offset
from (
    select kafka_partition, end_offset from published
    union all
    select kafka_partition, max(kafka_offset) + 1 from copies group by kafka_partition
)
group by kafka_partition
"""

_DIFFERENCES = f"""
select 'partition ' || kafka_partition || ', offset ' || kafka_offset || ': ' || fault as text
from (
    select
        coalesce(topic.kafka_partition, copies.kafka_partition) as kafka_partition,
        coalesce(topic.kafka_offset, copies.kafka_offset) as kafka_offset,
        case
            when copies.kafka_offset is null then 'in the topic, not in Bronze'
            when topic.kafka_offset is null then 'in Bronze, not in the topic'
            when (topic.value_md5, topic.is_too_large) is distinct from (copies.value_md5, copies.is_too_large)
                then 'another value in Bronze than in the topic'
            when topic.key_md5 is distinct from copies.key_md5 then 'another key in Bronze than in the topic'
            else 'another timestamp in Bronze than in the topic'
        end as fault,
        copies.kafka_offset is null as is_missing
    from topic
    full outer join copies using (kafka_partition, kafka_offset)
    left join held on held.kafka_partition = copies.kafka_partition
    left join ({_REACHED}) as reached on reached.kafka_partition = topic.kafka_partition
    where
        (copies.kafka_offset is null and topic.kafka_offset < reached.end_offset)
        or (topic.kafka_offset is null and copies.kafka_offset >= coalesce(held.first_offset, 0))
        or (
            topic.kafka_offset is not null
            and copies.kafka_offset is not null
            and (
                topic.value_md5 is distinct from copies.value_md5
                or topic.is_too_large is distinct from copies.is_too_large
                or topic.key_md5 is distinct from copies.key_md5
                or topic.kafka_timestamp is distinct from copies.kafka_timestamp
            )
        )
) as differing
-- a broker whose data was restored may hold again what was accepted as lost
anti join accepted on
    differing.is_missing
    and accepted.kafka_partition = differing.kafka_partition
    and accepted.from_offset <= differing.kafka_offset
    and differing.kafka_offset < accepted.to_offset
order by kafka_partition, kafka_offset
"""

# Holes after Bronze's first event that the topic cannot explain, because the broker has dropped those offsets.
_LOST = """
with
holes as (
    select
        copies.kafka_partition,
        kafka_offset + 1 as from_offset,
        least(first_offset, lead(kafka_offset, 1, first_offset) over (
            partition by copies.kafka_partition order by kafka_offset
        )) as to_offset
    from copies inner join held using (kafka_partition)
    qualify from_offset < to_offset
),
unexplained as (
    select
        holes.kafka_partition,
        holes.from_offset,
        holes.to_offset,
        any_value(holes.to_offset - holes.from_offset) - coalesce(sum(
            least(holes.to_offset, explained.to_offset) - greatest(holes.from_offset, explained.from_offset)
        ) filter (explained.kafka_partition is not null), 0) as events
    from holes
    left join explained on
        explained.kafka_partition = holes.kafka_partition
        and explained.from_offset < holes.to_offset
        and holes.from_offset < explained.to_offset
    group by holes.kafka_partition, holes.from_offset, holes.to_offset
)
select
    'partition ' || kafka_partition || ', offsets ' || from_offset || ' to ' || (to_offset - 1) || ': '
    || events || ' neither in Bronze nor in the topic, and not accepted as lost'
from unexplained
where events > 0
order by kafka_partition, from_offset
"""

_ACCEPTED = """
select (select coalesce(sum(to_offset - from_offset), 0) from accepted)::bigint - (
    select count(distinct (copies.kafka_partition, copies.kafka_offset)) from copies
    inner join accepted on
        accepted.kafka_partition = copies.kafka_partition
        and accepted.from_offset <= copies.kafka_offset
        and copies.kafka_offset < accepted.to_offset
)
"""

_LEFT = """
select count(distinct (kafka_partition, kafka_offset)) from copies where is_too_large and value_md5 is null
"""

_UNLIKE_COPIES = """
select 'partition ' || kafka_partition || ', offset ' || kafka_offset || ': the copies in Bronze differ'
from copies
group by kafka_partition, kafka_offset
having count(distinct (value_md5, is_too_large, key_md5, kafka_timestamp)) > 1
order by kafka_partition, kafka_offset
"""

_WAITING = """
select count(*) from topic left join published using (kafka_partition)
where topic.kafka_offset >= coalesce(published.end_offset, 0)
"""

# A slice takes one minute, or four with possible delays (a lock, a cold gateway); the default schedules add one.
LONGEST_SLICE, LONGEST_PAUSE = timedelta(minutes=4), timedelta(minutes=1)

# A backlog is published in parts: as long as slices make progress in a partition, what waits there is on its way.
# What has waited while nothing was running is on its way, too, once the gateway runs.
_STUCK = """
with
unpublished as (
    select
        topic.kafka_partition,
        count(*) as events,
        min(topic.kafka_timestamp) as since,
        count_if(topic.kafka_offset > coalesce(bronze.last_offset, -1)) as unread
    from topic
    left join published using (kafka_partition)
    left join (
        select kafka_partition, max(kafka_offset) as last_offset from copies group by all
    ) as bronze using (kafka_partition)
    where topic.kafka_offset >= coalesce(published.end_offset, 0)
    group by topic.kafka_partition
),
moved as (select kafka_partition, max(closed_at) as moved_at from ledger where from_offset < to_offset group by all)
select
    'partition ' || kafka_partition || ': ' || events || ' events wait, the oldest for ' || ({now} - since) // 60000000
    || ' minutes, and ' || case
        when unread = events then 'Bronze has not read them; look at the stream (sales status)'
        else 'no slice takes them (sales silver)'
    end
from unpublished left join moved using (kafka_partition)
where least({now} - since, {now} - coalesce(moved_at, 0), {now} - {running_since}) > {longest}
order by kafka_partition
"""

_DROPPED = """
select count(distinct (copies.kafka_partition, copies.kafka_offset)) from copies
inner join held using (kafka_partition)
where copies.kafka_offset < held.first_offset
"""


def longest_wait(pause: timedelta) -> timedelta:
    """How long an event may wait to be published if there is such a pause between slices."""
    return LONGEST_SLICE + max(pause, LONGEST_PAUSE)


def bronze_checks(bench: Workbench, now: datetime, longest: timedelta, running_since: datetime) -> list[Check]:
    """The checks against the topic, of what it no longer holds and of long waits, and the lines that only report."""
    stuck = _STUCK.format(
        now=_microseconds(now), longest=longest // timedelta(microseconds=1), running_since=_microseconds(running_since)
    )
    return [
        bench.check(
            "topic in Bronze",
            "every event by partition and offset: key, value, timestamp",
            "select count(*) from topic",
            _DIFFERENCES,
        ),
        bench.check(
            "replayed copies",
            "more than one row for an event; Silver counts it once",
            "select count(*) - count(distinct (kafka_partition, kafka_offset)) from copies",
            _UNLIKE_COPIES,
        ),
        bench.check(
            "no longer in the topic",
            "events that only Bronze still holds; every missing offset is explained",
            _DROPPED,
            _LOST,
        ),
        Check(
            "offsets without an event",
            "transaction markers and aborted events that the stream passed over",
            bench.number("select coalesce(sum(to_offset - from_offset), 0)::bigint from eventless"),
        ),
        Check("accepted gaps", "events lost before Bronze read them, each accepted as lost", bench.number(_ACCEPTED)),
        Check(LEFT_IN_KAFKA, "events too large for Bronze to keep their bytes", bench.number(_LEFT)),
        bench.check(
            NOT_YET_PUBLISHED,
            "events in the topic after the last slice; none has waited too long",
            _WAITING,
            stuck,
        ),
    ]


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)
