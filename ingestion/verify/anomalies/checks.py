"""Compute once more what arrived, what the newest run expected of it, its alarms, and every anomaly.

What is expected and the alarms are added and never changed, so what was added last is checked, at the versions that it
was made from.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from deltalake import DeltaTable

from ingestion.lake.delta_tables import dataset
from ingestion.lake.gold_ledger import ANOMALIES, GoldPublication, gold_publication
from ingestion.lake.ledger import publications
from ingestion.printable import printable
from ingestion.silver.maintenance import PROMISED
from ingestion.verify.anomalies.alarm_rows import TICKS_OF_DAY, Alarm, Expectation, day_of, tick_of
from ingestion.verify.anomalies.grouping import incidents
from ingestion.verify.anomalies.scoring import scored
from ingestion.verify.anomalies.training import trained
from ingestion.verify.report import MOST_EXAMPLES, UNREADABLE, Check, unread
from ingestion.verify.workbench import Workbench

MEASURES, EXPECTED, ALARMS, INCIDENTS = ANOMALIES
# longer than a training looks back
_LOOK_BACK = timedelta(days=30)
# shorter than the log of a table is kept (dbt_sales/dbt_project.yml)
_PRICED = timedelta(days=28)
Row = tuple[Any, ...]

# what arrived, by five minutes; amounts in cents
_MEASURED = """
create or replace view measured as
with
events as (
    select
        kafka_partition, kafka_offset,
        any_value(kafka_timestamp) as arrived, any_value(parse_error) as parse_error,
        any_value(client_nom) as client_nom, any_value(produit_nom) as produit_nom,
        any_value(categorie) as categorie, any_value(pays) as pays, any_value(segment) as segment
    from arrived_in_bronze inner join ends_of_gold using (kafka_partition)
    where kafka_offset < end_offset group by all
),
sales as (
    select *, kafka_timestamp as arrived, (montant * 100)::hugeint as cents from ventes_of_gold
),
rejected as (select *, kafka_timestamp as arrived from rejetees_of_gold),
counted as (
    select arrived, 'volume' as mesure, 'total' as cle, 1 as nombre from events
    union all select arrived, 'partition', kafka_partition::varchar, 1 from events
    union all select arrived, 'doublon', 'total', 1 from events
    union all select arrived, 'doublon', 'total', -1 from sales
    union all select arrived, 'doublon', 'total', -1 from rejected
    union all select arrived, 'vide', 'client_nom', 1 from events where parse_error is null and client_nom is null
    union all select arrived, 'vide', 'produit_nom', 1 from events where parse_error is null and produit_nom is null
    union all select arrived, 'vide', 'categorie', 1 from events where parse_error is null and categorie is null
    union all select arrived, 'vide', 'pays', 1 from events where parse_error is null and pays is null
    union all select arrived, 'vide', 'segment', 1 from events where parse_error is null and segment is null
    union all select arrived, 'valide', 'total', 1 from sales
    union all select arrived, 'produit', produit_nom, 1 from sales
    union all select arrived, 'pays', pays, 1 from sales
    union all select arrived, 'segment', segment, 1 from sales
    union all select arrived, 'montant', produit_nom, cents from sales
    union all select arrived, 'retard', 'total', 1 from sales where arrived > "timestamp" + interval 10 minutes
    union all
    select arrived, 'prix', produit_nom, 1
    from sales inner join prices using (produit_id)
    where abs(cents - quantite * price) * 100 > quantite * price
    union all select arrived, 'rejet', raison, 1 from rejected
)
select
    time_bucket(interval 5 minutes, arrived) as moment, mesure, cle, sum(nombre)::hugeint as nombre
from counted group by all having sum(nombre) > 0
"""
# prices are compared since the catalogue has had the ones of now
_COMPARED = "mesure <> 'complet' and (mesure <> 'prix' or moment >= (select since from priced))"
_STORED = f"select moment, mesure, cle, nombre::hugeint as nombre from mesures_of_gold where {_COMPARED}"


def anomaly_checks(bench: Workbench, lake: Path, made: GoldPublication) -> list[Check]:
    """One line for each table; none if Gold was published before it looked for anomalies."""
    if MEASURES not in made.versions:
        return []
    try:
        _load(bench, lake, made)
        newest = _Newest(lake, made)
    except UNREADABLE as error:
        return [Check("anomalies", "what arrived, what was expected, alarms", 0, 1, (unread("a table", error),))]
    measured = bench.check(
        MEASURES, f"each row recomputed (slice {made.tranche})", f"select count(*) from ({_STORED})", _differences()
    )
    return [measured, newest.expectations(), newest.alarms(), newest.incidents()]


def _differences() -> str:
    stored, recomputed = f"({_STORED})", f"(select * from measured where {_COMPARED})"
    row = "concat_ws(', ', moment, mesure, cle, nombre)"
    return f"""
        select 'stored, not recomputed: ' || {row} from ({stored} except all {recomputed})
        union all
        select 'recomputed, not stored: ' || {row} from ({recomputed} except all {stored})
    """


def _load(bench: Workbench, lake: Path, made: GoldPublication) -> None:
    """Raises one of UNREADABLE."""
    rejected = DeltaTable(str(lake / "silver" / "ventes_rejetees"), version=made.silver_versions["ventes_rejetees"])
    bench.register("rejetees_of_gold", dataset(rejected))
    bench.register("arrived_in_bronze", dataset(DeltaTable(str(lake / "bronze" / "ventes_raw"))))
    measures = DeltaTable(str(lake / "gold" / MEASURES), version=made.versions[MEASURES])
    bench.register("mesures_of_gold", dataset(measures))
    bench.run("create or replace table ends_of_gold (kafka_partition int, end_offset bigint)")
    (offsets,) = [each.offsets for each in publications(lake / "silver") if each.tranche == made.tranche]
    bench.fill("ends_of_gold", list(offsets.items()))
    products = DeltaTable(str(lake / "silver" / "produits"))
    bench.register("produits_of_gold", dataset(products))
    bench.run(
        "create or replace view prices as select produit_id, (prix * 100)::hugeint as price from produits_of_gold"
    )
    bench.run("create or replace table priced (since timestamptz)")
    bench.fill("priced", [(_priced_since(products, made),)])
    bench.run(_MEASURED)


def _priced_since(products: DeltaTable, made: GoldPublication) -> datetime:
    """Since when the catalogue has had its prices, as far as its log tells, which is kept for a month."""
    changes = [
        datetime.fromtimestamp(commit["timestamp"] / 1000, UTC)
        for commit in products.history(100)
        if commit["operation"].startswith("CREATE OR REPLACE")
    ]
    return max([made.published_at - _PRICED, *changes])


class _Newest:
    """What was published last, and the run that was the last to look at a tick.  Raises one of UNREADABLE."""

    def __init__(self, lake: Path, made: GoldPublication) -> None:
        self._lake, self._published = lake, made
        self._learned, self._stored = (_rows(lake, name, made) for name in (EXPECTED, ALARMS))
        self._complete = _complete(lake, made)
        self._made, self._ticks = _last_look(lake, made, self._complete)
        self._days = sorted({day_of(tick) for tick in self._ticks})

    def expectations(self) -> Check:
        """Of the days that it has looked at, whichever run has learned them."""
        stored, expected = [], []
        said = f"each row recomputed (publication {self._made.publication})"
        for day in self._days:
            rows = [row for row in self._learned if row[0] == day]
            number = min((row[-1] for row in rows), default=self._made.publication)
            basis = gold_publication(self._lake / "gold", number)
            if basis is None:
                return Check(EXPECTED, said, len(rows), 1, (f"publication {number} is not in the ledger of Gold",))
            try:
                measures = _measures(self._lake, basis, day)
            except UNREADABLE as error:
                if datetime.now(UTC) - basis.published_at > PROMISED:
                    return Check(EXPECTED, "not compared: what they were learned from is no longer kept", 0)
                return Check(EXPECTED, said, 0, 1, (unread("a table", error),))
            alarms = [_alarm(row) for row in self._stored if row[-1] < number]
            stored += [(day, *_expectation(row)) for row in rows]
            expected += [(day, *row) for row in trained(day, measures, alarms, basis.fuseau)]
        return _compared(EXPECTED, said, stored, expected)

    def alarms(self) -> Check:
        """Of the ticks that it has looked at."""
        said = f"each new row recomputed (publication {self._made.publication}, {len(self._ticks)} ticks)"
        stored = [_alarm(row) for row in self._stored if row[-1] == self._made.publication]
        if not self._ticks:
            return _compared(ALARMS, said, stored, [])
        try:
            measures = _measures(self._lake, self._made, self._days[0])
        except UNREADABLE as error:
            return Check(ALARMS, said, 0, 1, (unread("a table", error),))
        expectations = {day: [_expectation(row) for row in self._learned if row[0] == day] for day in self._days}
        return _compared(ALARMS, said, stored, scored(self._ticks, measures, expectations, self._made.tranche))

    def incidents(self) -> Check:
        """All of them, from all alarms."""
        said = "each row recomputed from the alarms"
        try:
            stored = _rows(self._lake, INCIDENTS, self._published)
        except UNREADABLE as error:
            return Check(INCIDENTS, said, 0, 1, (unread("a table", error),))
        found = incidents(map(_alarm, self._stored), self._complete or 0)
        return _compared(INCIDENTS, said, stored, map(astuple, found))


def _last_look(lake: Path, made: GoldPublication, complete: int | None) -> tuple[GoldPublication, Sequence[int]]:
    """The last run for which more ticks were complete than for the one before, and these ticks."""
    while complete is not None:
        before = gold_publication(lake / "gold", made.publication - 1)
        known = _complete(lake, before) if before else None
        if before is None or known is None or known < complete:
            first = max(complete - TICKS_OF_DAY + 1, 0 if known is None else known + 1)
            return made, range(first, complete + 1)
        made = before
    return made, ()


def _rows(lake: Path, name: str, made: GoldPublication) -> list[Row]:
    table = dataset(DeltaTable(str(lake / "gold" / name), version=made.versions[name])).to_table()
    return [tuple(map(_aware, row)) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]


def _complete(lake: Path, made: GoldPublication) -> int | None:
    """The last tick of which that run says that everything has arrived."""
    if MEASURES not in made.versions:
        return None
    rows = dataset(DeltaTable(str(lake / "gold" / MEASURES), version=made.versions[MEASURES]))
    moments = rows.to_table(["moment"], filter=pc.field("mesure") == "complet")["moment"].to_pylist()
    # one that was still to come was written by a clock that was wrong
    return max((tick_of(_aware(each)) for each in moments if _aware(each) <= made.published_at), default=None)


def _measures(lake: Path, made: GoldPublication, day: date) -> dict[tuple[str, str], dict[int, int]]:
    """By series and tick, what a training and a look at a day are made from."""
    rows = dataset(DeltaTable(str(lake / "gold" / MEASURES), version=made.versions[MEASURES]))
    table = rows.to_table(["mesure", "cle", "moment", "nombre"], filter=pc.field("date_arrivee") >= day - _LOOK_BACK)
    measures: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for mesure, cle, moment, number in zip(*(column.to_pylist() for column in table.columns), strict=True):
        measures[mesure, cle][tick_of(_aware(moment))] = number
    # the history may begin long before
    first = pc.min(rows.to_table(["moment"], filter=pc.field("mesure") == "volume")["moment"]).as_py()
    if first:
        measures["volume", "total"].setdefault(tick_of(_aware(first)), 0)
    return measures


def _expectation(row: Row) -> Expectation:
    return Expectation(*row[1:-1])


def _alarm(row: Row) -> Alarm:
    return Alarm(*row[:-1])


def _compared(name: str, said: str, stored: Sequence[Row], recomputed: Iterable[Row]) -> Check:
    """Row by row; the order says nothing."""
    left, right = set(stored), set(recomputed)
    differences = [f"stored, not recomputed: {_told(row)}" for row in sorted(left - right, key=str)]
    differences += [f"recomputed, not stored: {_told(row)}" for row in sorted(right - left, key=str)]
    differences += [f"stored twice: {len(stored) - len(left)} rows"] if len(stored) > len(left) else []
    return Check(name, said, len(stored), len(differences), tuple(map(printable, differences[:MOST_EXAMPLES])))


def _told(row: Row) -> str:
    return ", ".join("-" if value is None else str(value) for value in row)


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
