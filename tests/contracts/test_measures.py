"""A measure or dimension means the same in dbt, on the page, in the API and in the docs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.queries import Lake
from ingestion.settings import DBT_PROJECT, PROJECT
from streamlit_app.api.application import create_app
from streamlit_app.languages import languages
from streamlit_app.singletons import Sampler

DEFINED = yaml.safe_load((DBT_PROJECT / "measures.yml").read_text())
ALL = DEFINED["measures"] | DEFINED["dimensions"]
MODELS = [
    model
    for path in sorted((DBT_PROJECT / "models").rglob("*.yml"))
    for model in yaml.safe_load(path.read_text()).get("models", [])
]
# what the JSON of the API has for each unit
JSON_TYPES = {"EUR": "number", "pieces": "integer", "sales": "integer"}


@pytest.mark.parametrize("name", ALL)
def test_the_models_describe_it_with_the_same_words_and_type(name: str):
    glossary = (DBT_PROJECT / "models" / "glossary.md").read_text()
    (words,) = re.findall(rf"{{% docs {name} %}}\n(.*?)\n{{% enddocs %}}", glossary, re.DOTALL)
    assert " ".join(words.split()) == ALL[name]["meaning"]
    columns = [each for model in MODELS for each in model["columns"] if each["name"] == name]
    assert columns
    assert {each["data_type"] for each in columns} == {ALL[name]["data_type"]}
    assert {each["description"] for each in columns} == {f"{{{{ doc('{name}') }}}}"}


@pytest.mark.parametrize("name", ALL)
def test_the_page_has_a_label_for_it_in_each_language(name: str):
    assert all(language.labels[ALL[name]["label"]] for language in languages().values())


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    def no_broker():
        raise AssertionError("a document needs no broker")

    return create_app(Lake(Path("nowhere"), Path("nowhere")), Sampler(no_broker)).openapi()


@pytest.mark.parametrize("name", DEFINED["measures"])
def test_the_api_answers_it_in_its_unit(document: dict[str, Any], name: str):
    unit = DEFINED["measures"][name]["unit"]
    found = list(properties(document, name))
    assert found
    for field in found:
        kinds = [field, *field.get("anyOf", [])]
        (kind,) = [each for each in kinds if each.get("type") in ("number", "integer")]
        assert kind["type"] == JSON_TYPES[unit]
        assert unit != "EUR" or "EUR" in str(field)


def properties(document: dict[str, Any], name: str):
    for schema in document["components"]["schemas"].values():
        if name in schema.get("properties", {}):
            yield schema["properties"][name]


@pytest.mark.parametrize("kind", ["measures", "dimensions"])
def test_the_docs_list_them_with_the_same_words(kind: str):
    text = (
        (PROJECT / "docs" / "analytics.md").read_text().partition("## Measures and dimensions")[2].partition("\n## ")[0]
    )
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*?) \| `.*?` \|$", text, re.MULTILINE))
    sql = dict(re.findall(r"^\| `(\w+)` \| .*? \| `(.*?)` \|$", text, re.MULTILINE))
    for name, each in DEFINED[kind].items():
        assert listed[name] == each["meaning"]
        assert sql[name] == each.get("formula", each.get("expression"))
    assert set(listed) == set(ALL)
