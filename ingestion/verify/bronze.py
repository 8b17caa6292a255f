"""Is every event of the topic in Bronze, once, as it was sent?"""

from ingestion.verify.report import Check
from ingestion.verify.workbench import Workbench

# Up to here an event must be in Bronze: what is published, or what Bronze has passed; behind it, it is on its way.
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
select
    'partition ' || coalesce(topic.kafka_partition, copies.kafka_partition)
    || ', offset ' || coalesce(topic.kafka_offset, copies.kafka_offset) || ': '
    || case
        when copies.kafka_offset is null then 'in the topic, not in Bronze'
        when topic.kafka_offset is null then 'in Bronze, not in the topic'
        when topic.value_md5 is distinct from copies.value_md5 then 'another value in Bronze than in the topic'
        when topic.key_md5 is distinct from copies.key_md5 then 'another key in Bronze than in the topic'
        else 'another timestamp in Bronze than in the topic'
    end as text
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
            or topic.key_md5 is distinct from copies.key_md5
            or topic.kafka_timestamp is distinct from copies.kafka_timestamp
        )
    )
order by coalesce(topic.kafka_partition, copies.kafka_partition), coalesce(topic.kafka_offset, copies.kafka_offset)
"""

_UNLIKE_COPIES = """
select 'partition ' || kafka_partition || ', offset ' || kafka_offset || ': the copies in Bronze differ'
from copies
group by kafka_partition, kafka_offset
having count(distinct (value_md5, key_md5, kafka_timestamp)) > 1
order by kafka_partition, kafka_offset
"""

_WAITING = """
select count(*) from topic left join published using (kafka_partition)
where topic.kafka_offset >= coalesce(published.end_offset, 0)
"""

_DROPPED = """
select count(distinct (copies.kafka_partition, copies.kafka_offset)) from copies
inner join held using (kafka_partition)
where copies.kafka_offset < held.first_offset
"""


def bronze_checks(bench: Workbench) -> list[Check]:
    """The comparison with the topic, and three lines that only report."""
    replayed = bench.check(
        "replayed copies",
        "more than one row for an event; Silver counts it once",
        "select count(*) - count(distinct (kafka_partition, kafka_offset)) from copies",
        _UNLIKE_COPIES,
    )
    return [
        bench.check(
            "topic in Bronze",
            "every event by partition and offset: key, value, timestamp",
            "select count(*) from topic",
            _DIFFERENCES,
        ),
        replayed,
        Check("no longer in the topic", "events that Bronze alone still holds", bench.number(_DROPPED)),
        Check("not yet published", "events in the topic behind the last slice", bench.number(_WAITING)),
    ]
