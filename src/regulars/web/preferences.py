"""How a visitor wants the page: asked for in the address, remembered in a cookie, or said by the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from litestar.datastructures import Cookie

from regulars.web.wording import LANGUAGES, mark

if TYPE_CHECKING:
    from collections.abc import Collection

    from litestar import Request

THEMES = {"system": mark("As the system"), "light": mark("Light"), "dark": mark("Dark")}
YEAR = 31_536_000


class Preferences(NamedTuple):
    """Language and theme of a page."""

    language: str
    theme: str


def preferences(request: Request[Any, Any, Any]) -> Preferences:
    """Return what the address says, else the cookie, else the browser."""
    language = _chosen(request, "lang", LANGUAGES) or accepted(request.headers.get("accept-language", ""))
    return Preferences(language, _chosen(request, "theme", THEMES) or "system")


def cookies(request: Request[Any, Any, Any]) -> list[Cookie]:
    """Return the cookies that remember what the address asked for."""
    choices: tuple[tuple[str, Collection[str]], ...] = (("lang", LANGUAGES), ("theme", THEMES))
    return [
        Cookie(key=key, value=request.query_params[key], max_age=YEAR, samesite="lax", httponly=True)
        for key, known in choices
        if request.query_params.get(key) in known
    ]


def accepted(header: str) -> str:
    """Return the language of an Accept-Language header we have and the browser likes best; else English."""
    wishes: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), tag.split("-")[0].lower()))
        except ValueError:
            continue
    # Sorting by weight alone keeps the browser's order among equals.
    return next((tag for _, tag in sorted(wishes, key=lambda wish: wish[0]) if tag in LANGUAGES), "en")


def _chosen(request: Request[Any, Any, Any], key: str, known: Collection[str]) -> str | None:
    for value in (request.query_params.get(key), request.cookies.get(key)):
        if value in known:
            return value
    return None
