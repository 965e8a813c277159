"""Errors as people and programs read them: problem+json (RFC 9457) for programs, a page for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from regulars.core.errors import (
    BusyError,
    DamagedError,
    DeniedError,
    DiskError,
    InputError,
    NotFoundError,
    NotLearnedError,
    RegularsError,
    SettingsError,
    UsageError,
)
from regulars.web.pages import Pages

STATUS: dict[type[RegularsError], int] = {
    UsageError: 400,
    InputError: 400,
    NotFoundError: 404,
    NotLearnedError: 409,
    SettingsError: 503,
    DamagedError: 503,
    DiskError: 503,
    BusyError: 503,
}

AnyRequest = Request[Any, Any, State]


class Invalid(msgspec.Struct, frozen=True):
    """One parameter that cannot be used, and why."""

    name: str
    reason: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error as RFC 9457 words it."""

    title: str
    status: int
    detail: str
    fix: str = ""
    errors: list[Invalid] = []
    type: str = "about:blank"


def of_regulars(request: AnyRequest, error: RegularsError) -> Response[Any]:
    """Answer an error that says itself what was wrong and what to do."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)
    if isinstance(error, DeniedError):
        status = 403 if error.known else 401
    errors = [Invalid(error.where, error.message)] if status == HTTPStatus.BAD_REQUEST and error.where else []
    return _answer(request, status, error.message, fix=error.fix, errors=errors)


def of_http(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Answer an error of the HTTP layer: no such route, a parameter that does not fit."""
    extra: list[Any] = error.extra if isinstance(error.extra, list) else []
    errors = [
        Invalid(str(entry.get("key", "")), str(entry.get("message", ""))) for entry in extra if isinstance(entry, dict)
    ]
    detail = "; ".join(f"{e.name}: {e.reason}" for e in errors) or error.detail
    response = _answer(request, error.status_code, detail, errors=errors)
    response.headers.update(error.headers or {})
    return response


def of_anything(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer a mistake of ours: logged with its traceback, told without it."""
    request.app.state.log.error("failed", route=request.scope.get("path_template"), exc_info=error)
    return _answer(request, 500, "Something went wrong here. The server's log says what.")


def _answer(
    request: AnyRequest, status: int, detail: str, *, fix: str = "", errors: list[Invalid] | None = None
) -> Response[Any]:
    title = HTTPStatus(status).phrase
    if _wants_page(request):
        pages: Pages = request.app.state.pages
        return pages.render(
            request,
            "error.html",
            status_code=status,
            status=status,
            nav="",
            problem={"title": title, "detail": detail, "fix": fix},
        )
    problem = Problem(title=title, status=status, detail=detail, fix=fix, errors=errors or [])
    body: dict[str, Any] = {"type": problem.type, **msgspec.to_builtins(problem)}
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/problem+json")


def _wants_page(request: AnyRequest) -> bool:
    path = request.scope["path"]
    if path.startswith("/dashboard"):
        return True
    return "text/html" in request.headers.get("accept", "") and not path.startswith(("/api", "/health"))


HANDLERS = cast(
    "dict[int | type[Exception], Any]",
    {RegularsError: of_regulars, HTTPException: of_http, Exception: of_anything},
)
