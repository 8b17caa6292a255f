"""Does Silver hold exactly what the verdicts say, for every published event?"""

from ingestion.verify.report import Check
from ingestion.verify.workbench import Workbench

_WHERE = "'partition ' || kafka_partition || ', offset ' || kafka_offset || ': '"

_CLEAN_DIFFERENCES = f"""
with
expected as (
    select events.* from events semi join judged on
        judged.verdict = 'valide'
        and judged.kafka_partition = events.kafka_partition
        and judged.kafka_offset = events.kafka_offset
),
stored as (
    select
        * replace (
            epoch_us("timestamp") as "timestamp",
            epoch_us(kafka_timestamp) as kafka_timestamp,
            montant * 100 as montant
        ),
        row_number() over (partition by kafka_partition, kafka_offset) as place
    from ventes_clean
),
compared as (
    select
        kafka_partition,
        kafka_offset,
        expected.vente_id is null as is_extra,
        stored.place is null as is_missing,
        coalesce(stored.place, 1) > 1 as is_repeated,
        {{differing}} as differing
    from expected full outer join stored using (kafka_partition, kafka_offset)
)
select
    {_WHERE} || case
        when is_missing then 'a valid sale that is not in ventes_clean'
        when is_extra then 'in ventes_clean, and not a valid sale'
        when is_repeated then 'twice in ventes_clean'
        else 'in ventes_clean with another ' || differing
    end
from compared
where is_missing or is_extra or is_repeated or differing <> ''
order by kafka_partition, kafka_offset
"""

_TYPED = ("vente_id", "client_id", "produit_id", "timestamp", "quantite", "montant", "kafka_timestamp", "tranche")
_DIFFERING = [f'''case when expected."{name}" is distinct from stored."{name}" then '{name}' end''' for name in _TYPED]
_DIFFERING.append(
    """case when make_timestamp(expected."timestamp")::date is distinct from stored.date_vente then 'date_vente' end"""
)

_REJECTED_DIFFERENCES = f"""
with
expected as (
    select
        events.kafka_partition,
        events.kafka_offset,
        events.kafka_timestamp,
        events.tranche,
        case when not events.is_too_large then events.value_md5 end as value_md5,
        judged.raison
    from events inner join judged using (kafka_partition, kafka_offset)
    where judged.verdict = 'rejete'
),
stored as (
    select
        *,
        md5_number(value) as value_md5,
        row_number() over (partition by kafka_partition, kafka_offset) as place
    from ventes_rejetees
)
select
    {_WHERE} || case
        when stored.place is null then 'rejected (' || expected.raison || '), and not in ventes_rejetees'
        when expected.raison is null then 'in ventes_rejetees (' || stored.raison || '), and not rejected by the rules'
        when stored.place > 1 then 'twice in ventes_rejetees'
        when stored.raison is distinct from expected.raison
            then 'raison ' || coalesce(stored.raison, 'null') || ' where the rules say ' || expected.raison
        when stored.value_md5 is distinct from expected.value_md5 then 'another value than in Bronze'
        when stored.tranche is distinct from expected.tranche then 'another slice than in the ledger'
        else 'another timestamp than in Bronze'
    end
from expected full outer join stored using (kafka_partition, kafka_offset)
where
    expected.raison is null
    or stored.place is null
    or stored.place > 1
    or (stored.raison, stored.value_md5, stored.tranche, epoch_us(stored.kafka_timestamp))
    is distinct from (expected.raison, expected.value_md5, expected.tranche, expected.kafka_timestamp)
order by kafka_partition, kafka_offset
"""

_NAMES = (
    ("clients", "client_id", "client_nom, pays, segment"),
    ("produits", "produit_id", "produit_nom, categorie"),
)

# Within one slice there is one catalogue: every row of a client or product has the same names.
_NAME_DIFFERENCES = " union all ".join(
    f"""
select
    'slice ' || tranche || ', {key} ' || {key} || ': '
    || case when count(*) > 1 then 'different names in ventes_clean: ' else 'a name is missing in ventes_clean: ' end
    || string_agg(concat_ws(', ', {names}), ' / ' order by {names})
from (select distinct tranche, {key}, {names} from ventes_clean)
group by tranche, {key}
having count(*) > 1 or bool_or(({" or ".join(f"{name} is null" for name in names.split(", "))}))
"""
    for _, key, names in _NAMES
)

_CATALOGUE_CHANGES = " union ".join(
    [f"select '{table}', {key}, tranche from {table}_then where known <> known_now" for table, key, _ in _NAMES]
    + [
        f"select '{table}', {key}, tranche from (select distinct tranche, {key}, {names} from ventes_clean"
        f" except select tranche, {key}, {names} from {table}, (select distinct tranche from ledger))"
        for table, key, names in _NAMES
    ]
)


def silver_checks(bench: Workbench) -> list[Check]:
    differing = f"concat_ws(', ', {', '.join(_DIFFERING)})"
    return [
        bench.check(
            "valid sales",
            "every verdict recomputed; ventes_clean field by field",
            "select count(*) from judged",
            _CLEAN_DIFFERENCES.format(differing=differing),
        ),
        bench.check(
            "rejected events",
            "ventes_rejetees by reason and bytes",
            "select count(*) from judged where verdict = 'rejete'",
            _REJECTED_DIFFERENCES,
        ),
        bench.check("names", "one catalogue in each slice", "select count(*) from ventes_clean", _NAME_DIFFERENCES),
        Check(
            "catalogue since changed",
            "clients and products that had other values when a slice was evaluated",
            bench.number(f"select count(*) from ({_CATALOGUE_CHANGES})"),
        ),
    ]
