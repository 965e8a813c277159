"""The OpenAPI document: what the router knows of its routes, and what it cannot know.

That is the bodies, which handlers read strictly themselves, the errors, the keys, and the collector's routes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from regulars.web.api.bodies import TAKES
from regulars.web.api.identifiers import LONGEST
from regulars.web.openapi_collect import SCHEMES, collect_paths, collect_schemas

if TYPE_CHECKING:
    from litestar import Litestar

REFERENCE = "#/components/schemas/{name}"
PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "An error (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "fix": {"type": "string", "description": "What to do about it."},
        "where": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}
_MEANINGS = {
    "400": "A parameter or the body cannot be used; `errors` names it.",
    "401": "There is no key, or it is unknown, expired or revoked.",
    "403": "The key may not do this, or the request comes from a page of another site.",
    "404": "There is no such thing.",
    "409": "Nothing has been learned yet.",
    "413": "The body is too large.",
    "503": "The shop is not open, or its disk takes nothing; ask again.",
}
_EVERYWHERE = ("400", "401", "403", "404", "503")


def document(app: Litestar) -> dict[str, Any]:
    """Return the document of the whole server."""
    schema = app.openapi_schema.to_schema()
    components = schema.setdefault("components", {})
    records: dict[str, Any] = components.setdefault("schemas", {})
    bodies = _bodies(app)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            _complete(path, operation, bodies.get((method, path)), records)
    records |= {"Problem": PROBLEM, **collect_schemas()}
    components["securitySchemes"] = SCHEMES
    schema["paths"] = {**collect_paths(), **schema["paths"]}
    return schema


def _complete(path: str, operation: dict[str, Any], takes: Any, records: dict[str, Any]) -> None:
    """Add to one operation what the router cannot know."""
    closed = not path.startswith("/health")
    operation["security"] = [{"bearer": []}] if closed else []
    statuses = _EVERYWHERE if closed else ("503",)
    if path == "/api/recommendations":
        statuses = (*statuses, "409")
    if takes is not None:
        statuses = (*statuses, "413")
        (body,), found = msgspec.json.schema_components([takes], ref_template=REFERENCE)
        records |= found
        required = path.partition("{key_id}")[2] != "/rotate"
        operation["requestBody"] = {"required": required, "content": {"application/json": {"schema": body}}}
    for status in statuses:
        operation["responses"][status] = problem(status)
    if path.startswith("/api/privacy/export/"):
        archive = {"schema": {"type": "string", "format": "binary"}}
        operation["responses"]["200"]["content"] = {"application/zip": archive}
    if path.startswith("/api/privacy/erase/"):
        operation["responses"]["202"] = {**operation["responses"]["200"], "description": "It is under way."}
    if path == "/metrics":
        operation["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path" and parameter["schema"].get("format") == "uri":
            # The router calls the rest of a path a file's path.
            parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": LONGEST}


def problem(status: str) -> dict[str, Any]:
    """Return the answer that an error of this status gives."""
    content = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(name="Problem")}}}
    found: dict[str, Any] = {"description": _MEANINGS[status], "content": content}
    if status == "401":
        found["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return found


def _bodies(app: Litestar) -> dict[tuple[str, str], Any]:
    """Return (method, path) → the record that a handler reads its body as."""
    found: dict[tuple[str, str], Any] = {}
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            takes = handler.opt.get(TAKES)
            if takes is not None:
                path = route.path_format
                found |= {(method.lower(), path): takes for method in handler.http_methods}
    return found
