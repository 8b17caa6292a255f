"""dbt's own features beside our macros: each as dbt documents it, or refused by name; no part of a slice closes it."""

import shutil
from pathlib import Path

import pytest

from ingestion.settings import DBT_PROJECT

pytestmark = pytest.mark.e2e

AS_IN_A_SLICE = ("--exclude", "tag:outside_slices", "resource_type:unit_test")
# the second build sees another file, and a column more
BASE = """{{ config(materialized='table') }}
select * from values
{% if var('turn') == 1 %} (1, 'a', 1), (2, 'b', 1) {% else %} (2, 'B', 2), (3, 'c', 2) {% endif %}
as t (id, v, w)
"""
MODELS = {
    "key_as_text": "unique_key='id'",
    "only_inserts": "unique_key='id', meta={'insert_only': true}",
    "no_key": "meta={'insert_only': true}",
    "some_columns": "unique_key=['id'], merge_update_columns=['v']",
    "other_columns": "unique_key=['id'], merge_exclude_columns=['v']",
    "predicates": "unique_key='id', meta={'insert_only': true}, incremental_predicates=['DBT_INTERNAL_DEST.id > 2']",
    "appended": "incremental_strategy='append'",
}
OTHERS = {
    "new_column": """{{ config(materialized='incremental', unique_key='id', on_schema_change='append_new_columns') }}
        select id {% if var('turn') == 2 %}, w {% endif %} from {{ ref('base') }}""",
    "constrained": """{{ config(materialized='table', contract={'enforced': true}, tblproperties={}) }}
        select id, v from {{ ref('base') }}""",
    "seen": "{{ config(materialized='view') }} select * from {{ ref('nowhere') }}",
    "nowhere": "{{ config(materialized='ephemeral') }} select id from {{ ref('base') }}",
}
YAML = """
models:
  - name: base
    columns:
      - name: id
        data_tests:
          - accepted_values:
              name: id_is_nine
              arguments: {values: [9], quote: false}
              config: {severity: warn, store_failures: true}
  - name: constrained
    columns:
      - {name: id, data_type: int, constraints: [{type: not_null}]}
      - {name: v, data_type: string, constraints: [{type: check, expression: length(v) = 1}]}
snapshots:
  - name: history
    relation: ref('base')
    config: {unique_key: id, strategy: check, check_cols: [v], file_format: delta}
seeds:
  - {name: partly_typed, config: {column_types: {code: string}, delimiter: ";", quote_columns: true}}
"""
SEEDS = {"partly_typed": "order;code;prix;jour\n1;007;1.25;2026-01-02\n", "without_rows": "id,code\n"}


@pytest.fixture(scope="module")
def lab(stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project with what a contributor could add to it."""
    copy = tmp_path_factory.mktemp("dbt") / "dbt_sales"
    shutil.copytree(DBT_PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
    for folder in ("models", "seeds"):
        (copy / folder / "lab").mkdir()
    (copy / "snapshots").mkdir()
    (copy / "models" / "lab" / "base.sql").write_text(BASE)
    for name, config in MODELS.items():
        text = f"{{{{ config(materialized='incremental', {config}) }}}}\nselect id, v, w from {{{{ ref('base') }}}}"
        (copy / "models" / "lab" / f"{name}.sql").write_text(text)
    for name, text in OTHERS.items():
        (copy / "models" / "lab" / f"{name}.sql").write_text(text)
    (copy / "models" / "lab" / "lab.yml").write_text(YAML)
    for name, text in SEEDS.items():
        (copy / "seeds" / "lab" / f"{name}.csv").write_text(text)
    project = copy / "dbt_project.yml"
    # no contracts but where one is said
    settings = "models:\n  dbt_sales:\n    lab: {+contract: {enforced: false}}\n"
    project.write_text(project.read_text().replace("models:\n  dbt_sales:\n", settings, 1))
    return copy


@pytest.fixture(scope="module")
def built(stack, lab: Path) -> None:
    """All of it made, the gateway killed, and all of it made again from other rows."""
    folders = ("--project-dir", str(lab), "--profiles-dir", str(lab))
    chosen = ("--select", "path:models/lab", "path:seeds/lab", "history")
    stack.dbt("build", *chosen, "--vars", "{turn: 1}", *folders)
    stack.kill("gateway")
    stack.wait_ready()
    stack.dbt("build", *chosen, "--vars", "{turn: 2}", *folders)


def test_part_of_a_run_closes_no_slice(stack):
    """Neither a table that an earlier run has left, nor one without its tests."""
    stack.sales("produce", "--count", "10")
    stack.publish_all()
    before = stack.published()
    with stack.follower_held():
        stack.sales("produce", "--count", "10")
        stack.sales("drain")
        deferred = ("--defer", "--state", str(stack.folder / "dbt" / "target"))
        refusals = [
            (("run", "--select", "top_produits", *deferred), "--defer would read the slices of another schema"),
            (("build", "--empty", *AS_IN_A_SLICE), "--empty would leave events out of a slice"),
            (("run", "--select", "ventes_clean", "--vars", "{rebuild: true}"), "a rebuild makes every table of Silver"),
            (("build", "--exclude-resource-type", "test", "unit_test"), "this run leaves out "),
            (("retry",), "stays open: only a run that builds the whole slice closes it"),
            (("run", "--select", "bilan_ingestion"), "this run leaves out tranches, "),
        ]
        for command, reason in refusals:
            code, said = stack.attempt("dbt", "--no-use-colors", *command)
            assert code != 0, command
            assert reason in said, said[-2000:]
        assert stack.published() == before
    stack.publish_all()
    assert stack.published() == before + 10
    stack.verify()


def test_merges_are_as_dbt_says_and_tables_outlive_the_gateway(stack, built):
    def rows(table: str) -> list[tuple]:
        return sorted(stack.table(table).fetchall(), key=str)

    assert rows("silver/key_as_text") == [(1, "a", 1), (2, "B", 2), (3, "c", 2)]
    assert rows("silver/only_inserts") == [(1, "a", 1), (2, "b", 1), (3, "c", 2)]
    assert rows("silver/some_columns") == [(1, "a", 1), (2, "B", 1), (3, "c", 2)]
    assert rows("silver/other_columns") == [(1, "a", 1), (2, "b", 2), (3, "c", 2)]
    # no row is met, or only those above 2: what comes is new
    assert rows("silver/no_key") == rows("silver/predicates") == rows("silver/appended")
    assert rows("silver/appended") == [(1, "a", 1), (2, "B", 2), (2, "b", 1), (3, "c", 2)]
    assert rows("silver/new_column") == [(1, None), (2, 2), (3, 2)]
    assert stack.value("silver/history", "count(*)") == 4
    assert stack.value("silver/history", "count(*) filter (where dbt_valid_to is null)") == 3
    assert rows("silver_dbt_test__audit/id_is_nine") == [(2, 1), (3, 1)]


def test_constraints_come_with_the_table(stack, built):
    delta = stack.delta("silver/constrained")
    constraints = {name: text for name, text in delta.metadata().configuration.items() if "constraints" in name}
    assert sorted(constraints.values()) == ["`id` is not null", "length(v) = 1"]


def test_seeds_without_types_or_rows(stack, built):
    assert stack.table("silver/without_rows").fetchall() == []
    ((order, code, prix, jour),) = stack.table("silver/partly_typed").fetchall()
    assert (order, code, prix, str(jour)) == (1, "007", 1.25, "2026-01-02")


def test_silver_goes_on(stack, built):
    """And so does the upkeep, which meets `history`, a word of Delta's own."""
    stack.sales("produce", "--count", "10")
    stack.publish_all()
    stack.sales("maintain")
    stack.verify()
