"""What dbt is told where it meets our macros, as far as it needs no gateway: the project is compiled, nothing runs."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from ingestion.settings import DBT_PROJECT

# a macro that is asked for a text, under the settings of the model that asks
CASES = {
    "key_as_text": (
        "unique_key='vente_id', meta={'insert_only': true}",
        "get_merge_sql('t', 's', config.get('unique_key'), none, none)",
    ),
    "no_key": ("meta={'insert_only': true}", "get_merge_sql('t', 's', none, none, none)"),
    "predicates": (
        "unique_key=['a', 'b'], meta={'merge_scope': 'some_scope'}",
        "get_merge_sql('t', 's', config.get('unique_key'), none, ['DBT_INTERNAL_DEST.a > 0'])",
    ),
    "replaced": ("meta={'replace_scope': 'some_scope'}", "get_merge_sql('t', 's', none, none, none)"),
    "no_properties": ("tblproperties={}, contract={'enforced': false}", "tblproperties_clause()"),
    "quoted_property": (
        "tblproperties={'sales.said': 'l\\'été \"a\\\\b\"'}, contract={'enforced': false}",
        "tblproperties_clause()",
    ),
    "constraints": ("tblproperties={}", "tblproperties_clause()"),
}
CONSTRAINTS = """
models:
  - name: constraints
    constraints:
      - {type: check, name: quantite_au_moins_1, expression: quantite >= 1}
      - {type: check, expression: montant >= 0}
      - {type: not_null, columns: [quantite]}
    columns:
      - {name: quantite, data_type: int}
      - name: montant
        data_type: int
        constraints: [{type: not_null}, {type: check, name: few, expression: montant < 9}]
"""
REFUSED = {
    "in_parquet": ("file_format='parquet'", 'model in_parquet: file_format must be delta, got "parquet"'),
    "elsewhere": ("schema='lab'", "model elsewhere: location_root must end in its schema /lab, got "),
    "clustered": ("clustered_by='a', buckets=2", "model clustered: clustered_by is not supported here"),
    "liquid": ("meta={}, liquid_clustered_by='a'", "model liquid: liquid_clustered_by is not supported here"),
    "materialized": ("materialized='materialized_view'", "model materialized: Spark has no materialized views"),
    "no_macro": ("meta={'merge_scope': 'nobody'}", "model no_macro: meta.merge_scope must name a macro, got nobody"),
    "no_scope": (
        "meta={'replace_scope': 'nobody'}",
        "model no_scope: meta.replace_scope must name a macro, got nobody",
    ),
    "both": (
        "meta={'insert_only': true}, merge_update_columns=['a']",
        "model both: merge_update_columns has no effect beside meta.insert_only",
    ),
}
# the macros of dbt and dbt-spark that ours take the place of, as they were when ours were written
OVERRIDDEN = {
    "generate_schema_name": "ed7cf0e8",
    "get_insert_into_sql": "82197bcc",
    "materialization_seed_default": "f3cfec38",
    "spark__create_or_replace_clone": "14f46e26",
    "spark__create_schema": "89c21c69",
    "spark__create_table_as": "34341e7f",
    "spark__get_merge_sql": "db6855b0",
    "spark__persist_constraints": "f22dbd94",
    "spark__tblproperties_clause": "ba5ce4ce",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project, with a model for each case."""
    copy = tmp_path_factory.mktemp("dbt") / "dbt_sales"
    shutil.copytree(DBT_PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
    (copy / "macros" / "some_scope.sql").write_text("{% macro some_scope() %}DBT_INTERNAL_DEST.b = 1{% endmacro %}")
    lab = copy / "models" / "lab"
    lab.mkdir()
    (lab / "constraints.yml").write_text(CONSTRAINTS)
    queries = {name: f"{{{{ {macro} }}}}" for name, (_, macro) in CASES.items()}
    for name, (config, _) in (CASES | REFUSED).items():
        kind = "" if "materialized" in config else "materialized='table', "
        (lab / f"{name}.sql").write_text(f"{{{{ config({kind}{config}) }}}}\n{queries.get(name, 'select 1 as a')}")
    (lab / "in_python.py").write_text("def model(dbt, session):\n    return None\n")
    return copy


Compile = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def compile_models(project: Path) -> Compile:
    def compiled(*options: str) -> dict[str, str]:
        folders = ("--project-dir", str(project), "--profiles-dir", str(project))
        scratch = ("--target-path", str(project / "target"), "--log-path", str(project / "logs"))
        asked = ("compile", "--no-introspect", "--no-populate-cache", *options)
        result = dbtRunner().invoke(["--quiet", *asked, *folders, *scratch])
        assert result.success, result.exception or [each.message for each in result.result.results]
        return {each.node.name: " ".join(each.node.compiled_code.split()) for each in result.result.results}

    return compiled


@pytest.fixture(scope="module")
def said(compile_models: Compile) -> dict[str, str]:
    return compile_models("--select", *CASES)


def test_a_key_may_be_a_text(said):
    assert said["key_as_text"].endswith(
        "on DBT_INTERNAL_DEST.vente_id = DBT_INTERNAL_SOURCE.vente_id when not matched then insert *"
    )


def test_without_a_key_every_row_is_new(said):
    assert said["no_key"].endswith("on false when not matched then insert *")


def test_predicates_of_the_model_bound_its_merge(said):
    assert said["predicates"].endswith(
        "on DBT_INTERNAL_DEST.b = 1 and DBT_INTERNAL_DEST.a > 0"
        " and DBT_INTERNAL_DEST.a = DBT_INTERNAL_SOURCE.a and DBT_INTERNAL_DEST.b = DBT_INTERNAL_SOURCE.b"
        " when matched then update set * when not matched then insert *"
    )


def test_a_scope_is_replaced(said):
    assert said["replaced"].endswith("insert into t by name replace where DBT_INTERNAL_DEST.b = 1 select * from s")


def test_no_properties_are_no_clause(said):
    assert said["no_properties"] == ""


def test_a_property_is_one_string_whatever_it_holds(said):
    assert said["quoted_property"] == r"""tblproperties ( 'sales.said' = 'l\'été "a\\b"' )"""


def test_constraints_are_part_of_the_table(said):
    properties = dict(re.findall(r"'delta.constraints.([^']+)' = '([^']+)'", said["constraints"]))
    nameless = [name for name in properties if name.startswith("check_")]
    assert properties.pop(nameless[0]) == "montant >= 0"
    assert properties == {
        "quantite_au_moins_1": "quantite >= 1",
        "few": "montant < 9",
        "quantite_not_null": "`quantite` is not null",
        "montant_not_null": "`montant` is not null",
    }


@pytest.fixture(scope="module")
def refusals(compile_models: Compile) -> dict[str, list[str]]:
    each = "{% for node in graph.nodes.values() %}{% do all.update({node.name: refused_settings(node)}) %}{% endfor %}"
    (answer,) = compile_models("--inline", f"{{% set all = {{}} %}}{each}{{{{ tojson(all) }}}}").values()
    return json.loads(answer)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_honoured_is_refused_by_name(refusals, name):
    (refusal,) = refusals[name]
    assert refusal.startswith(REFUSED[name][1])
    assert ";" in refusal


def test_python_is_refused(refusals):
    assert refusals["in_python"][0].startswith("model in_python: the gateway runs no Python models")


def test_nothing_of_this_project_is_refused(refusals):
    ours = set(refusals) - set(REFUSED) - {"in_python"}
    assert {"ventes_clean", "clients", "assert_slice_holds"} <= ours
    assert {name: refusals[name] for name in ours if refusals[name]} == {}


def test_variables_of_a_wrong_kind_are_refused(compile_models):
    wrong = "{rebuild: 'false', whole_slices: 1, rebuild_gold: 2, max_offsets_per_tranche: 0}"
    (answer,) = compile_models("--vars", wrong, "--inline", "{{ tojson(refused_variables()) }}").values()
    assert json.loads(answer) == [
        'the variable rebuild must be true or false, got "false"',
        "the variable whole_slices must be true or false, got 1",
        "the variable rebuild_gold must be true or false, got 2",
        "the variable max_offsets_per_tranche must be a whole number >= 1, got 0",
    ]


def test_a_slice_needs_all_that_its_ledger_is_made_from_and_its_tests(compile_models):
    (answer,) = compile_models("--inline", "{{ tojson(missing_of_a_slice()) }}").values()
    models = {path.stem for path in (DBT_PROJECT / "models" / "silver").rglob("*.sql")}
    tests = {"assert_slice_holds", "assert_cube_matches_ventes_clean", "assert_published_tables_agree"}
    assert set(json.loads(answer)) == models | {"clients", "produits"} | tests


def test_overrides_are_of_the_macros_that_they_were_written_for(project):
    """Another dbt or dbt-spark: read what has changed in its macro, carry it over, then note the new fingerprint."""
    folders = ("--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(project / "target"))
    manifest = dbtRunner().invoke(["--quiet", "parse", *folders, "--log-path", str(project / "logs")]).result
    assert isinstance(manifest, Manifest)
    ours = {macro.name for macro in manifest.macros.values() if macro.package_name == "dbt_sales"}
    theirs = {macro.name: macro.macro_sql for macro in manifest.macros.values() if macro.package_name != "dbt_sales"}
    # a materialization for Spark takes the place of the one for all
    replaced = {re.sub(r"^(materialization_\w+)_spark$", r"\1_default", name) for name in ours} & set(theirs)
    assert {name: hashlib.md5(theirs[name].encode()).hexdigest()[:8] for name in replaced} == OVERRIDDEN
