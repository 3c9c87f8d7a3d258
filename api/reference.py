"""The reference of the API as one plain page, made from the schema: nothing fetched, no script, its own policy.

The schema itself is at `/api/v1/openapi.json`, for tools.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse

from api.routers import bare

router = bare()

Schema = Mapping[str, Any]

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { text-align: start; vertical-align: top; padding: .25rem .5rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
nav ul { columns: 18rem; padding-inline-start: 1.2rem; }
summary { cursor: pointer; padding: .35rem 0; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
"""  # noqa: E501 -- a style sheet
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

_METHODS = ("get", "post", "put", "patch", "delete")


@router.get("/api/v1/docs")
async def read_reference(request: Request) -> HTMLResponse:
    """Return the reference of the API for people."""
    page = getattr(request.app.state, "reference", None)
    if page is None:
        page = request.app.state.reference = "".join(render(request.app.openapi()))
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})


def render(schema: Schema) -> Iterator[str]:
    """Yield the page of a schema, piece by piece."""
    info = schema["info"]
    yield f"<!doctype html><html lang=zh><meta charset=utf-8><title>{escape(info['title'])} API</title>"
    yield '<meta name=viewport content="width=device-width, initial-scale=1">'
    yield f"<style>{STYLE}</style><main><h1>{escape(info['title'])}</h1>"
    yield from (
        f"<p>{escape(text)}</p>" for text in info.get("description", "").split("\n\n") if text.strip()
    )
    yield "<p>OpenAPI: <a href=openapi.json><code>openapi.json</code></a></p>"
    groups = _grouped(schema)
    yield "<nav><ul>"
    yield from (
        f'<li><a href="#{escape(tag)}">{escape(tag)}</a> ({len(found)})' for tag, found in groups.items()
    )
    yield '<li><a href="#schemas">schemas</a></ul></nav>'
    for tag, found in groups.items():
        yield f'<section><h2 id="{escape(tag)}">{escape(tag)}</h2>'
        for method, path, operation in found:
            yield from _operation(method, path, operation)
        yield "</section>"
    yield "<section><h2 id=schemas>schemas</h2>"
    for name, model in sorted(schema.get("components", {}).get("schemas", {}).items()):
        yield from _model(name, model)
    yield "</section></main></html>"


def _grouped(schema: Schema) -> dict[str, list[tuple[str, str, Schema]]]:
    groups: dict[str, list[tuple[str, str, Schema]]] = {}
    for path, methods in schema["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                tag = (operation.get("tags") or ["other"])[0]
                groups.setdefault(tag, []).append((method.upper(), path, operation))
    return groups


def _operation(method: str, path: str, operation: Schema) -> Iterator[str]:
    name = escape(operation["operationId"])
    yield f'<details id="{name}"><summary><span class=method>{method}</span> <code>{escape(path)}</code>'
    yield f" {escape(operation.get('summary', ''))}</summary>"
    if text := operation.get("description"):
        yield f"<p>{escape(text)}</p>"
    if parameters := operation.get("parameters"):
        yield "<table><tr><th>parameter<th>in<th>type<th>meaning"
        for each in parameters:
            needed = " *" if each.get("required") else ""
            yield f"<tr><td><code>{escape(each['name'])}</code>{needed}<td>{escape(each['in'])}"
            yield f"<td>{_type(each.get('schema', {}))}<td>{escape(each.get('description', ''))}"
        yield "</table>"
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>body <code>{escape(media_type)}</code>: {_type(content.get('schema', {}))}</p>"
    yield "<table><tr><th>status<th>answer<th>type"
    for status, answer in operation.get("responses", {}).items():
        types = " ".join(_type(content.get("schema", {})) for content in answer.get("content", {}).values())
        yield f"<tr><td>{escape(str(status))}<td>{escape(answer.get('description', ''))}<td>{types}"
    yield "</table></details>"


def _model(name: str, model: Schema) -> Iterator[str]:
    yield f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary>'
    if text := model.get("description"):
        yield f"<p>{escape(text)}</p>"
    if "properties" in model:
        required = model.get("required", ())
        yield "<table><tr><th>field<th>type<th>meaning"
        for field, part in model["properties"].items():
            needed = " *" if field in required else ""
            yield f"<tr><td><code>{escape(field)}</code>{needed}<td>{_type(part)}"
            yield f"<td>{escape(part.get('description', ''))}"
        yield "</table>"
    else:
        yield f"<p>{_type(model)}</p>"
    yield "</details>"


def _type(schema: Schema) -> str:
    """Return what a schema says of a value in a few words, as HTML."""
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).rsplit("/", 1)[-1])
        return f'<a href="#schema-{name}"><code>{name}</code></a>'
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " | ".join(_type(part) for part in schema[word])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " | ".join(f"<code>{escape(json.dumps(value, ensure_ascii=False))}</code>" for value in values)
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    kind = schema.get("type", "any")
    shown = escape(" | ".join(kind) if isinstance(kind, list) else str(kind))
    if "format" in schema:
        shown += f" ({escape(str(schema['format']))})"
    limits = [f"{sign}{escape(str(schema[word]))}" for word, sign in _LIMITS.items() if word in schema]
    return " ".join([shown, *limits])


_LIMITS = {
    "minimum": "≥ ",
    "maximum": "≤ ",
    "minLength": "length ≥ ",
    "maxLength": "length ≤ ",
    "pattern": "",
    "default": "= ",
}
