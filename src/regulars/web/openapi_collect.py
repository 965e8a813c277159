"""The collector's routes for the OpenAPI document: they stand in front of the router, which knows nothing of them."""

from __future__ import annotations

from typing import Any

from regulars.core.limits import MAX_BODY_BYTES, MAX_EVENT_BYTES, MAX_MESSAGES
from regulars.web.collect import FLAGS, METRIC, ROUTES, SCRIPT, SETTINGS

Schema = dict[str, Any]

SCHEMES: dict[str, Schema] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of the shop: `rg_w…` and `rg_p…` send events, `rg_s…` asks.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The key as user name, with an empty password, as Segment's clients send it.",
    },
}
_ANYTHING: Schema = {"type": "object", "additionalProperties": True}
_TEXT: Schema = {"type": "string"}
_MOMENT: Schema = {"type": "string", "description": "ISO 8601."}
_ID: Schema = {"type": ["string", "number", "null"]}
_MESSAGE: Schema = {
    "userId": {**_ID, "description": "The shop's own id of the customer; or anonymousId, or both."},
    "anonymousId": {**_ID, "description": "The id of a device."},
    "messageId": {**_TEXT, "description": "The same id is the same event, however often it is sent."},
    "timestamp": {**_MOMENT, "description": "When it happened, by the client's clock."},
    "sentAt": {**_MOMENT, "description": "When it was sent, by the same clock: its error is taken out."},
    "context": {**_ANYTHING, "description": "Campaign, device, location, session, page, consent."},
    "integrations": _ANYTHING,
    "writeKey": {**_TEXT, "description": "The key, where no header can be sent."},
}
_OWN: dict[str, tuple[str, Schema]] = {
    "track": (
        "An event: Segment's and GA4's e-commerce names, or the shop's own.",
        {"event": _TEXT, "properties": _ANYTHING},
    ),
    "identify": ("Who a visitor is, and what is known of them.", {"traits": _ANYTHING}),
    "page": ("A page was seen.", {"name": _TEXT, "category": _TEXT, "properties": _ANYTHING}),
    "screen": ("A screen of an app was seen.", {"name": _TEXT, "properties": _ANYTHING}),
    "group": ("What a customer belongs to.", {"groupId": _ID, "traits": _ANYTHING}),
    "alias": ("Two ids are one person.", {"previousId": _ID}),
}
_SCHEMAS: dict[str, Schema] = {
    "Message": {
        "type": "object",
        "title": "Message",
        "description": f"At most {MAX_EVENT_BYTES:,} bytes.",
        "properties": {
            "type": {"enum": list(_OWN)},
            **_MESSAGE,
            "event": _TEXT,
            "properties": _ANYTHING,
            "traits": _ANYTHING,
        },
    },
    "Messages": {
        "type": "object",
        "title": "Messages",
        "required": ["batch"],
        "properties": {
            "batch": {"type": "array", "maxItems": MAX_MESSAGES, "items": {"$ref": "#/components/schemas/Message"}},
            "sentAt": _MOMENT,
            "writeKey": _TEXT,
            "context": _ANYTHING,
        },
    },
    "Captures": {
        "type": "object",
        "title": "Captures",
        "description": "PostHog's: one event, or several in `batch`.",
        "properties": {
            "api_key": _TEXT,
            "event": _TEXT,
            "distinct_id": _ID,
            "properties": _ANYTHING,
            "timestamp": _MOMENT,
            "sent_at": _MOMENT,
            "batch": {"type": "array", "maxItems": MAX_MESSAGES, "items": _ANYTHING},
        },
    },
    "Taken": {
        "type": "object",
        "title": "Taken",
        "required": ["success"],
        "properties": {"success": {"type": "boolean"}},
    },
}
_SECURITY: list[Schema] = [{"bearer": []}, {"basic": []}, {}]
_TAGS = ["collect"]
_LIMITS = f"Any Content-Type, gzipped or not, at most {MAX_BODY_BYTES:,} bytes unpacked."


def collect_paths() -> dict[str, Any]:
    """Return path → operations of the collector."""
    paths: dict[str, Any] = {path: {"post": _taking(path, route)} for path, route in ROUTES.items()}
    paths[METRIC] = {
        "post": _polite("Counts of clients about themselves", "Answered, and kept nowhere.", METRIC, "Taken")
    }
    for path in sorted(FLAGS):
        text = "There are none: the answer is empty. PostHog's clients ask for them before they send."
        paths[path] = {"post": _polite("Feature flags", text, path, None)}
    paths[f"{SETTINGS[0]}{{key}}{SETTINGS[1]}"] = {"get": _settings()}
    paths[SCRIPT] = {"get": _script()}
    return paths


def collect_schemas() -> dict[str, Schema]:
    """Return the records that the collector takes and answers."""
    own = {
        name.title(): {"type": "object", "title": name.title(), "properties": {**_MESSAGE, **fields}}
        for name, (_, fields) in _OWN.items()
    }
    return {**_SCHEMAS, **own}


def _taking(path: str, route: str) -> Schema:
    if route == "batch":
        summary, record = "Events in a batch (Segment)", "Messages"
        text = f"Take in up to {MAX_MESSAGES:,} messages of any type."
    elif route == "posthog":
        summary, record = "Events (PostHog)", "Captures"
        text = f"Take in one event or up to {MAX_MESSAGES:,}."
    else:
        summary, record, text = f"One {route} call (Segment)", route.title(), _OWN[route][0]
    description = f"{text} 200 once everything is durable. A message that means nothing is set aside. {_LIMITS}"
    return {
        **_named(summary, description, path),
        "security": _SECURITY,
        "requestBody": _body({"$ref": f"#/components/schemas/{record}"}),
        "responses": {
            "200": _json("Durable.", {"$ref": "#/components/schemas/Taken"}),
            "400": _problem("The body cannot be used: not JSON, too large, no list of messages."),
            "401": _problem("There is no key, or it is unknown, expired or revoked."),
            "429": {
                **_problem("The key may send no more just now, or the disk is behind."),
                "headers": _retry(),
            },
            "503": {**_problem("The disk took nothing: send it again."), "headers": _retry()},
        },
    }


def _polite(summary: str, text: str, path: str, record: str | None) -> Schema:
    answer = {"$ref": f"#/components/schemas/{record}"} if record else _ANYTHING
    return {
        **_named(summary, text, path),
        "security": [],
        "requestBody": _body({}, required=False),
        "responses": {"200": _json("Nothing was kept.", answer), "400": _problem("The body is too large.")},
    }


def _settings() -> Schema:
    key = {"name": "key", "in": "path", "required": True, "schema": _TEXT, "description": "A key."}
    return {
        **_named("Settings of a browser client", "What Segment's page script asks before it sends.", "settings"),
        "security": [],
        "parameters": [key],
        "responses": {"200": _json("The key is known.", _ANYTHING), "404": _problem("No shop has this key.")},
    }


def _script() -> Schema:
    javascript = {"text/javascript": {"schema": _TEXT}}
    return {
        **_named("The page script", "Tells the collector what visitors do, as far as they agreed.", "script"),
        "security": [],
        "responses": {
            "200": {"description": "The script.", "content": javascript},
            "304": {"description": "The browser's copy is current."},
        },
    }


def _named(summary: str, description: str, seed: str) -> Schema:
    name = "".join(part.title() for part in seed.replace("_", " ").replace("/", " ").split())
    name += "Slash" if seed.endswith("/") else ""
    return {"tags": _TAGS, "summary": summary, "description": description, "operationId": f"Collect{name}"}


def _body(schema: Schema, *, required: bool = True) -> Schema:
    content = {kind: {"schema": schema} for kind in ("application/json", "text/plain")}
    return {"required": required, "content": content}


def _json(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problem(description: str) -> Schema:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}


def _retry() -> Schema:
    return {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
