"""The API's documentation as a page, made from the OpenAPI document the server serves."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.enums import OpenAPIMediaType

from regulars.web.openapi import document
from regulars.web.pages import Pages


@get("/openapi.json", media_type=OpenAPIMediaType.OPENAPI_JSON, sync_to_thread=True)
def openapi_document(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Return the document itself, at the address tools expect."""
    return document(request.app)


@get("/docs", sync_to_thread=True)
def docs_page(request: Request[Any, Any, Any], state: State) -> Response[str]:
    """Show every operation with its parameters and its answer."""
    pages: Pages = state.pages
    schema = document(request.app)
    return pages.render(
        request,
        "docs.html",
        nav="docs",
        info=schema["info"],
        groups=_groups(schema),
        records=schema.get("components", {}).get("schemas", {}),
        type_of=type_of,
    )


def _groups(schema: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            good = [one for status, one in operation["responses"].items() if status.startswith("2")]
            answer = good[0].get("content", {}) if good else {}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            entry = {
                "method": method.upper(),
                "path": path,
                "summary": operation.get("summary", ""),
                "description": operation.get("description", ""),
                "params": operation.get("parameters", []),
                "body": body,
                "answer": next((media.get("schema", {}) for media in answer.values()), {}),
            }
            entry["try"] = method == "get" and not any(p["required"] for p in entry["params"])
            groups.setdefault((operation.get("tags") or ["other"])[0], []).append(entry)
    return groups


def type_of(schema: dict[str, Any]) -> str:
    """Return a JSON schema as a short type: `integer`, `list of Item`, `string or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(type_of(one) for one in schema[key]))
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(str(k) for k in kind)
    if kind == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    return str(schema.get("format") or kind)
