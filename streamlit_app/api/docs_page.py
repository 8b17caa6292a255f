"""The OpenAPI document as one page that loads nothing from elsewhere, so it works without the internet."""

import json
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #5b54e8; }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 56rem; margin: 2.5rem auto; padding: 0 1.2rem; }
h1 { margin-bottom: 0; } h2 { margin: 2.5rem 0 0.3rem; font-size: 1.15rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.88rem; }
pre { background: var(--soft); padding: 0.8rem; border-radius: 0.6rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 0.6rem 0; display: block; overflow-x: auto; }
td, th { text-align: left; vertical-align: top; padding: 0.35rem 0.8rem 0.35rem 0; }
td, th { border-bottom: 1px solid var(--line); }
th { font-weight: 600; font-size: 0.85rem; } a { color: var(--accent); }
@media (prefers-color-scheme: dark) { :root { --accent: #a5a0ff; } }
"""


def docs_page(document: dict[str, Any]) -> str:
    sections = [
        _operation(path, operation, document)
        for path, operations in document["paths"].items()
        for operation in operations.values()
    ]
    title = f"{escape(document['info']['title'])} API"
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>
<h1>{title}</h1>
<p><a href="/">dashboard</a> · <a href="/api/openapi.json">OpenAPI document</a></p>
{_description(document["info"]["description"])}{"".join(sections)}</body></html>"""


def _description(text: str) -> str:
    return "".join(f"<p>{_code(escape(part.strip()))}</p>" for part in text.replace("\n* ", "\n\n• ").split("\n\n"))


def _code(text: str) -> str:
    parts = text.split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def _operation(path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    (content,) = operation["responses"]["200"]["content"].values()
    found = _example(content["schema"], document)
    example = found if isinstance(found, str) else json.dumps(found, indent=2, ensure_ascii=False)
    statuses = "".join(
        f"<tr><td><code>{code}</code></td><td>{_code(escape(response['description']))}</td></tr>"
        for code, response in sorted(operation["responses"].items())
        if code != "200"
    )
    return (
        f'<h2 id="{escape(operation["operationId"])}"><a href="{escape(path)}"><code>GET {escape(path)}</code></a></h2>'
        f"<p>{_code(escape(operation.get('description', '')))}</p>"
        f"<table><tr><th>parameter<th>rule<th>example</tr>{''.join(map(_parameter, operation.get('parameters', [])))}"
        f"</table><pre>{escape(example)}</pre><table><tr><th>status<th>when</tr>{statuses}</table>"
    )


def _parameter(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    rules = [parameter.get("description", ""), *_bounds(schema)]
    examples = schema.get("examples") or [""]
    example = examples[0][0] if isinstance(examples[0], list) else examples[0]
    return (
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape('; '.join(filter(None, rules)))}</td>"
        f"<td><code>{escape(str(example))}</code></td></tr>"
    )


def _bounds(schema: dict[str, Any]) -> list[str]:
    """The bounds of a number, the allowed values, and what applies when the parameter is omitted."""
    kinds = [schema, *schema.get("anyOf", [])]
    bounds = [f"{kind['minimum']} to {kind['maximum']}" for kind in kinds if "minimum" in kind]
    values = [f"one of {', '.join(schema['enum'])}"] if "enum" in schema else []
    default = [f"default {schema['default']}"] if isinstance(schema.get("default"), int) else []
    return bounds + values + default


def _example(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _example(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document)
    if "examples" in schema:
        return schema["examples"][0]
    if "properties" in schema:
        return {name: _example(each, document) for name, each in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_example(schema["items"], document)]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], document)
    return {"string": "…", "boolean": False, "object": {}}.get(schema.get("type", ""), 0)
