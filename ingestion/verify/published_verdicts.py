"""Give every published event its verdict once more.

The catalogues may have changed since a slice was evaluated.  So whether a slice knew a client or product is taken from
what the slice stored, and from today's catalogue only if that says nothing or contradicts itself.  Where a slice
differs from today's catalogue, a line of the table reports it.
"""

from ingestion.verify.workbench import Workbench

# One row for each published event.  Ranges that overlap are reported elsewhere; here the later one counts.
_EVENTS = """
create table events as
with
once as (select distinct on (kafka_partition, kafka_offset) * from copies),
ranges as (select tranche, kafka_partition, from_offset, to_offset from ledger where from_offset < to_offset),
clean as (select distinct kafka_partition, kafka_offset from ventes_clean),
rejected as (
    select kafka_partition, kafka_offset, min(raison) as raison from ventes_rejetees group by all
)
select
    once.*,
    ranges.tranche,
    clean.kafka_offset is not null as is_clean,
    rejected.raison as stored_raison
from once
asof inner join ranges on once.kafka_partition = ranges.kafka_partition and once.kafka_offset >= ranges.from_offset
left join clean on clean.kafka_partition = once.kafka_partition and clean.kafka_offset = once.kafka_offset
left join rejected on rejected.kafka_partition = once.kafka_partition and rejected.kafka_offset = once.kafka_offset
where once.kafka_offset < ranges.to_offset
"""

# What the slice considered known.  An event stored nowhere was a duplicate: it is a witness only if its sale is stored.
_THEN = """
create table {catalogue}_then as
with
witnesses as (
    select
        tranche,
        {key},
        case
            when stored_raison = '{unknown}' then false
            when is_clean or stored_raison in ({later}) then true
            when stored_raison is null and vente_id in (select vente_id from ventes_clean) then true
        end as known
    from events where raison is null or raison = 'timestamp_futur'
),
slices as (
    select tranche, {key}, bool_or(known) as seen_known, bool_and(known) as only_known from witnesses group by all
)
select
    tranche,
    {key},
    {catalogue}.{key} is not null as known_now,
    case when seen_known = only_known then seen_known else known_now end as known
from slices left join {catalogue} using ({key})
"""

_CATALOGUES = (
    ("clients", "client_id", "client_inconnu", "'produit_inconnu', 'timestamp_futur', 'conflit'"),
    ("produits", "produit_id", "produit_inconnu", "'timestamp_futur', 'conflit'"),
)

_JUDGED = """
insert into judged
with
alone as (
    select
        events.* exclude (raison),
        case
            when raison <> 'timestamp_futur' then raison
            when not clients_then.known then 'client_inconnu'
            when not produits_then.known then 'produit_inconnu'
            else raison
        end as raison
    from events
    left join clients_then using (tranche, client_id)
    left join produits_then using (tranche, produit_id)
),
compared as (
    select
        *,
        row_number() over first_wins as place,
        first_value((client_id, produit_id, "timestamp", quantite, montant)) over first_wins as sale
    from alone where raison is null
    window first_wins as (partition by vente_id order by tranche, kafka_partition, kafka_offset)
)
select kafka_partition, kafka_offset, tranche, 'rejete', raison from alone where raison is not null
union all
select
    kafka_partition,
    kafka_offset,
    tranche,
    case when place = 1 then 'valide' when same then 'doublon' else 'rejete' end,
    case when place > 1 and not same then 'conflit' end
from (select *, sale = (client_id, produit_id, "timestamp", quantite, montant) as same from compared)
"""


def judge(bench: Workbench) -> None:
    """Give every published event its verdict, in the order (slice, partition, offset), in the table `judged`."""
    bench.run(_EVENTS)
    for catalogue, key, unknown, later in _CATALOGUES:
        bench.run(_THEN.format(catalogue=catalogue, key=key, unknown=unknown, later=later))
    bench.run(_JUDGED)


def raisons(bench: Workbench) -> dict[str, int]:
    """Published events by verdict, the rejected ones by reason; the most frequent first."""
    return dict(
        bench.run("select coalesce(raison, verdict) as name, count(*) from judged group by all order by 2 desc, 1")
    )
