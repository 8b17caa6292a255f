"""Does the ledger cover every offset once, and are its counts true?"""

from ingestion.verify.report import Check
from ingestion.verify.workbench import Workbench

_SLICE = "'slice ' || tranche || ', partition ' || kafka_partition || ': '"

_RANGES = f"""
with
ordered as (
    select
        *,
        lag(to_offset) over (partition by kafka_partition order by tranche, from_offset) as last_offset,
        lag(tranche) over (partition by kafka_partition order by tranche, from_offset) as last_tranche
    from ledger
),
lowest as (select kafka_partition, min(kafka_offset) as kafka_offset from copies group by kafka_partition)
select {_SLICE} || 'starts at ' || from_offset || ', slice ' || last_tranche || ' ended at ' || last_offset
from ordered where from_offset <> last_offset
union all
select {_SLICE} || 'appears twice' from ordered where tranche = last_tranche
union all
select {_SLICE} || 'ends at ' || to_offset || ', before its start at ' || from_offset
from ordered where to_offset < from_offset
union all
select {_SLICE} || 'is the first and starts at ' || from_offset || ', Bronze at ' || lowest.kafka_offset
from ordered inner join lowest using (kafka_partition)
where last_offset is null and lowest.kafka_offset < from_offset
union all
select
    {_SLICE} || 'the ledger says ' || coalesce(ledger.from_offset || ' to ' || ledger.to_offset, 'nothing')
    || ', the slice was opened as ' || coalesce(opened.from_offset || ' to ' || opened.to_offset, 'nothing')
from ledger
full outer join (
    select * from tranches where tranche <= (select max(tranche) from ledger)
) as opened using (tranche, kafka_partition)
where (ledger.from_offset, ledger.to_offset) is distinct from (opened.from_offset, opened.to_offset)
"""

_RECOUNTED = """
select
    ledger.*,
    coalesce(bronze.rows, 0) as read,
    coalesce(clean.rows, 0) as clean,
    coalesce(rejected.rows, 0) as rejected,
    coalesce(duplicates.rows, 0) as duplicates
from ledger
left join (select tranche, kafka_partition, count(*) as rows from events group by all) as bronze
    using (tranche, kafka_partition)
left join (select tranche, kafka_partition, count(*) as rows from ventes_clean group by all) as clean
    using (tranche, kafka_partition)
left join (select tranche, kafka_partition, count(*) as rows from ventes_rejetees group by all) as rejected
    using (tranche, kafka_partition)
left join (
    select tranche, kafka_partition, count(*) as rows from judged where verdict = 'doublon' group by all
) as duplicates using (tranche, kafka_partition)
"""

_COUNTS = f"""
with recounted as ({_RECOUNTED})
select
    {_SLICE} || 'read ' || rows_read || ' is not ' || rows_clean || ' clean + ' || rows_rejected || ' rejected + '
    || rows_duplicates || ' duplicates'
from recounted where rows_read is distinct from rows_clean + rows_rejected + rows_duplicates
"""
_COUNTS += "".join(
    f"""union all
select {_SLICE} || '{name} ' || rows_{name} || ' in the ledger, {name} ' || {name} || ' in {where}'
from recounted where rows_{name} is distinct from {name}
"""
    for name, where in {
        "read": "Bronze",
        "clean": "ventes_clean",
        "rejected": "ventes_rejetees",
        "duplicates": "the verdicts",
    }.items()
)


def range_check(bench: Workbench) -> Check:
    """Check that each partition's slices follow each other from Bronze's lowest offset on, as they were opened."""
    return bench.check(
        "slices", "each partition's offsets without gap or overlap, as opened", "select count(*) from ledger", _RANGES
    )


def count_check(bench: Workbench) -> Check:
    """Check the ledger's counts; this needs the verdicts of `judge`."""
    return bench.check(
        "ledger",
        "read = clean + rejected + duplicates, each recounted",
        "select coalesce(sum(rows_read), 0)::bigint from ledger",
        _COUNTS,
    )
