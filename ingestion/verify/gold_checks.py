"""Recompute every mart of Gold from the sales of its slice: a second implementation, in another SQL on another engine.

The marts are compared at the versions that `bilan_gold` names, with `ventes_clean` at the version that they were made
from.  So Gold may stand on an older slice than the newest.
"""

from pathlib import Path

from deltalake import DeltaTable

from ingestion.lake.delta_tables import dataset
from ingestion.lake.gold_ledger import INTERNAL, MARTS, GoldPublication, newest_gold
from ingestion.lake.ledger import publications
from ingestion.verify.anomalies.checks import anomaly_checks
from ingestion.verify.forecast_checks import forecast_checks
from ingestion.verify.report import UNREADABLE, Check, unread
from ingestion.verify.workbench import Workbench

# how amounts and shares are compared: in whole cents and millionths, so that no engine's rounding can hide a difference
_UNITS = {
    **dict.fromkeys(
        (
            "total_montant", "total_montant_j7", "total_montant_precedent", "panier_moyen", "premier_montant",
            "premier_quartile", "montant_typique", "troisieme_quartile",
        ),
        100,
    ),
    **dict.fromkeys(("part", "part_recurrente", "taux_retention"), 1_000_000),
}  # fmt: skip


def _rounded(amount: str, divisor: str, scale: int = 1) -> str:
    """Half up, in whole numbers; null by nothing."""
    return f"((({amount}) * {2 * scale} + ({divisor})) // nullif(2 * ({divisor}), 0))"


# every sale, with its day and month in the time zone of the reports; amounts in cents
_SALES = """
create view gold_sales as
select
    vente_id, client_id, client_nom, produit_nom, pays, segment, quantite, "timestamp" as instant,
    (montant * 100)::hugeint as cents,
    timezone(getvariable('fuseau'), "timestamp") as local,
    timezone(getvariable('fuseau'), "timestamp")::date as jour,
    -- a sale that is dated after its arrival counts on the day of its arrival
    timezone(getvariable('fuseau'), least("timestamp", kafka_timestamp))::date as arrived
from ventes_of_gold
"""
_REFERENCE = "(select max(arrived) from gold_sales)"
# a sale may be dated tomorrow, which may be the next month
_LAST_DAY = "(select greatest(max(arrived), max(jour)) from gold_sales)"

_RECOMPUTED = {
    "ventes_journalieres": f"""
        with
        days as (
            select jour, produit_nom, pays, segment, sum(cents) as cents, sum(quantite) as pieces, count(*) as sales
            from gold_sales group by all
        ),
        keys as (
            select jour, produit_nom, pays, segment from days
            union
            select jour + 7, produit_nom, pays, segment from days where jour + 7 <= {_REFERENCE}
        )
        select
            keys.jour, keys.produit_nom, keys.pays, keys.segment,
            coalesce(days.cents, 0) as total_montant,
            coalesce(days.pieces, 0) as total_quantite,
            coalesce(days.sales, 0) as nombre_ventes,
            {_rounded("days.cents", "days.sales")} as panier_moyen,
            coalesce(before.cents, 0) as total_montant_j7,
            coalesce(before.pieces, 0) as total_quantite_j7,
            coalesce(before.sales, 0) as nombre_ventes_j7
        from keys
        left join days using (jour, produit_nom, pays, segment)
        left join days as before
            on before.jour = keys.jour - 7
            and keys.jour <= {_REFERENCE}
            and (before.produit_nom, before.pays, before.segment) = (keys.produit_nom, keys.pays, keys.segment)
    """,
    "performance_produits": f"""
        with
        periods as (
            select
                produit_nom,
                coalesce(sum(cents) filter (jour > {_REFERENCE} - 30), 0) as cents,
                coalesce(sum(quantite) filter (jour > {_REFERENCE} - 30), 0) as pieces,
                count(*) filter (jour > {_REFERENCE} - 30) as sales,
                coalesce(sum(cents) filter (jour <= {_REFERENCE} - 30), 0) as cents_before,
                count(*) filter (jour <= {_REFERENCE} - 30) as sales_before
            from gold_sales where jour > {_REFERENCE} - 60 and jour <= {_REFERENCE} group by all
        ),
        ranked as (
            select
                *,
                case when sales > 0 then row_number() over by_amount end as rang,
                case when sales_before > 0 then row_number() over by_amount_before end as rang_precedent,
                sum(cents) over () as whole,
                sum(cents) over by_amount - cents as better
            from periods
            window
                by_amount as (order by cents desc, sales desc, produit_nom rows unbounded preceding),
                by_amount_before as (order by cents_before desc, sales_before desc, produit_nom)
        )
        select
            produit_nom, rang, rang_precedent, rang_precedent - rang as gain_rang,
            cents as total_montant, pieces as total_quantite, sales as nombre_ventes,
            {_rounded("cents", "whole", 1_000_000)} as part,
            case
                when cents > 0 and better * 100 < whole * 80 then 'A'
                when cents > 0 and better * 100 < whole * 95 then 'B'
                else 'C'
            end as classe_abc,
            cents_before as total_montant_precedent,
            {_REFERENCE} - 29 as debut, {_REFERENCE} as fin
        from ranked
    """,
    "clients_mensuels": """
        select
            client_id, date_trunc('month', jour)::date as mois,
            arg_max(client_nom, (instant, vente_id)) as client_nom,
            arg_max(pays, (instant, vente_id)) as pays,
            arg_max(segment, (instant, vente_id)) as segment,
            sum(cents) as total_montant, sum(quantite) as total_quantite, count(*) as nombre_ventes,
            min(instant) as premier_achat, arg_min(vente_id, (instant, vente_id)) as premier_vente_id,
            arg_min(cents, (instant, vente_id)) as premier_montant,
            max(instant) as dernier_achat, arg_max(vente_id, (instant, vente_id)) as dernier_vente_id
        from gold_sales group by all
    """,
    "valeur_clients": f"""
        with
        clients as (
            select
                client_id,
                arg_max(client_nom, (instant, vente_id)) as client_nom,
                arg_max(pays, (instant, vente_id)) as pays,
                arg_max(segment, (instant, vente_id)) as segment,
                min(instant) as premier_achat, max(instant) as dernier_achat,
                least(max(jour), {_REFERENCE}) as last_day,
                count(*) as sales, sum(cents) as cents, arg_min(cents, (instant, vente_id)) as first_cents
            from gold_sales group by all
        ),
        scored as (
            select
                *,
                1 + (5 * (2 * count(*) over (order by last_day range between unbounded preceding and current row
                    exclude group) + count(*) over (partition by last_day))) // (2 * count(*) over ()) as r,
                1 + (5 * (2 * count(*) over (order by sales range between unbounded preceding and current row
                    exclude group) + count(*) over (partition by sales))) // (2 * count(*) over ()) as f,
                1 + (5 * (2 * count(*) over (order by cents range between unbounded preceding and current row
                    exclude group) + count(*) over (partition by cents))) // (2 * count(*) over ()) as m
            from clients
        )
        select
            client_id, client_nom, pays, segment, premier_achat, dernier_achat,
            {_REFERENCE} - last_day as recence_jours, sales as nombre_ventes, cents as total_montant,
            {_rounded("cents", "sales")} as panier_moyen,
            {_rounded("cents - first_cents", "cents", 1_000_000)} as part_recurrente,
            r as score_recence, f as score_frequence, m as score_montant,
            case
                when r in (4, 5) and f in (4, 5) and m in (4, 5) then 'champion'
                when r in (3, 4, 5) and f in (4, 5) then 'fidele'
                when r in (4, 5) and sales = 1 then 'nouveau'
                when r in (4, 5) then 'prometteur'
                when r = 3 then 'regulier'
                when f in (1, 2) then 'perdu'
                else 'a_risque'
            end as classe_rfm
        from scored
    """,
    "cohortes_clients": f"""
        with
        members as (select client_id, min(date_trunc('month', jour))::date as cohorte from gold_sales group by all),
        sizes as (select cohorte, count(*) as size from members group by all),
        months as (
            select cohorte, size, unnest(range(datediff('month', cohorte, {_LAST_DAY}) + 1)) as since from sizes
        ),
        active as (
            select
                cohorte, datediff('month', cohorte, jour) as since,
                count(distinct client_id) as clients, count(*) as sales, sum(cents) as cents
            from gold_sales inner join members using (client_id) group by all
        )
        select
            cohorte, since as mois_depuis, size as nombre_clients, coalesce(clients, 0) as clients_actifs,
            {_rounded("coalesce(clients, 0)", "size", 1_000_000)} as taux_retention,
            coalesce(sales, 0) as nombre_ventes, coalesce(cents, 0) as total_montant
        from months left join active using (cohorte, since)
    """,
    "saisonnalite": """
        with
        bounds as (
            select
                timezone(getvariable('fuseau'), (max(arrived) - 56)::timestamp) as first_moment,
                timezone(getvariable('fuseau'), max(arrived)::timestamp) as end_moment,
                date_trunc('hour', min(instant)) as first_hour
            from gold_sales
        ),
        hours as (
            select hour from (
                select unnest(generate_series(
                    greatest(date_trunc('hour', first_moment), first_hour), end_moment, interval 1 hour
                )) as hour
                from bounds
            ), bounds
            where hour >= first_moment and hour < end_moment
        ),
        sold as (
            select date_trunc('hour', instant) as hour, sum(cents) as cents, count(*) as sales
            from gold_sales group by all
        ),
        weeks as (
            select
                isodow(timezone(getvariable('fuseau'), hour)) as jour_semaine,
                hour(timezone(getvariable('fuseau'), hour)) as heure_locale,
                list_sort(list(coalesce(cents, 0))) as amounts,
                list_sort(list(coalesce(sales, 0))) as counts,
                count(*) as n
            from hours left join sold using (hour) group by all
        )
        select
            jour_semaine, heure_locale, n as nombre_heures, counts[(n + 1) // 2] as ventes_typiques,
            amounts[(n + 3) // 4] as premier_quartile,
            amounts[(n + 1) // 2] as montant_typique,
            amounts[(3 * n + 3) // 4] as troisieme_quartile
        from weeks
    """,
}


def gold_checks(bench: Workbench, lake: Path) -> list[Check]:
    """One line for each mart; none if Gold has published nothing yet."""
    name, compared = "Gold", "each mart opens at the version in the ledger of Gold"
    try:
        made = newest_gold(lake / "gold")
        if made is None:
            return []
        _load(bench, lake, made)
    except KeyError as error:
        return [Check(name, compared, 0, 1, (f"{error} has no version; run sales gold --rebuild",))]
    except UNREADABLE as error:
        return [Check(name, compared, 0, 1, (unread("Gold", error),))]
    count = f"slice {made.tranche}, days of {made.fuseau}"
    marts = [
        bench.check(mart, f"each row recomputed ({count})", f"select count(*) from {mart}", _differences(bench, mart))
        for mart in (*MARTS, *INTERNAL)
    ]
    added = [*forecast_checks(bench, lake, made), *anomaly_checks(bench, lake, made)]
    return [_ledger_check(bench, made, lake), *marts, *added]


def _ledger_check(bench: Workbench, made: GoldPublication, lake: Path) -> Check:
    """Does `bilan_gold` say what its sales say, and does it rest on what the slice has published?"""
    ((sales, day),) = bench.run(f"select count(*), {_REFERENCE} from gold_sales")
    slices = {each.tranche: each for each in publications(lake / "silver")}
    found = slices.get(made.tranche)
    faults = {
        f"slice {made.tranche} was never published": found is None,
        # a rebuild of Silver publishes its newest slice once more
        f"made from other versions than slice {made.tranche} has published": found is not None
        and found.closed_at < made.published_at
        and found.versions != made.silver_versions,
        f"says {made.sales} sales where there are {sales}": made.sales != sales,
        f"says {made.reference_day} is the last day with a sale where it is {day}": made.reference_day != day,
    }
    told = tuple(fault for fault, is_true in faults.items() if is_true)
    return Check("ledger of Gold", "slice, versions, sales and last day of the marts", 1, len(told), told)


def _load(bench: Workbench, lake: Path, made: GoldPublication) -> None:
    """Raises one of UNREADABLE."""
    sales = DeltaTable(str(lake / "silver" / "ventes_clean"), version=made.silver_versions["ventes_clean"])
    bench.register("ventes_of_gold", dataset(sales))
    for mart in (*MARTS, *INTERNAL):
        bench.register(mart, dataset(DeltaTable(str(lake / "gold" / mart), version=made.versions[mart])))
    bench.run(f"set variable fuseau = '{made.fuseau}'")
    bench.run(_SALES)


def _differences(bench: Workbench, mart: str) -> str:
    columns = [name for name, *_ in bench.run(f"describe {mart}")]
    stored = ", ".join(f"({name} * {_UNITS[name]})::hugeint as {name}" if name in _UNITS else name for name in columns)
    expected = ", ".join(columns)
    row = ", ".join(f"coalesce({name}::varchar, '-')" for name in columns)
    stored, recomputed = f"select {stored} from {mart}", f"select {expected} from ({_RECOMPUTED[mart]})"
    return f"""
        select 'stored, not recomputed: ' || concat_ws(', ', {row}) from (({stored}) except all ({recomputed}))
        union all
        select 'recomputed, not stored: ' || concat_ws(', ', {row}) from (({recomputed}) except all ({stored}))
    """
