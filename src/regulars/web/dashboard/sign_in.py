"""Signing in with a secret key, and out again."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State
from litestar.params import FromQuery
from litestar.response import Redirect

from regulars.web.desk import VISITOR
from regulars.web.forms import FORM, Form
from regulars.web.pages import Pages
from regulars.web.sessions import COOKIE, HOURS, make_session

if TYPE_CHECKING:
    from regulars.web.tenants import Tenants, Visitor
    from regulars.web.tries import Tries

LONGEST = 500
HOME = "/dashboard"


@get("/sign-in", sync_to_thread=False)
def sign_in_page(request: Request[Any, Any, Any], state: State, to: FromQuery[str] = "") -> Response[Any]:
    """Show the form; who is signed in already is sent on."""
    visitor: Visitor | None = request.scope.get(VISITOR)
    if visitor is not None and visitor.key is not None:
        return Redirect(_target(to), status_code=303)
    return _page(request, state, to)


@post("/sign-in", dependencies={"form": FORM}, status_code=200)
async def sign_in(request: Request[Any, Any, Any], state: State, form: Form) -> Response[Any]:
    """Sign in with a secret key; what is wrong with another one is said, and how often may be tried is limited."""
    tenants: Tenants = state.tenants
    tries: Tries = state.tries
    address = request.client.host if request.client else ""
    to = form.get("to", "")
    # Every shop's keys are looked through, whatever was typed; what is longer than a key is none.
    text = form.get("key", "").strip()[:LONGEST]
    visitor = await asyncio.to_thread(tenants.visitor, text)
    if visitor is None or visitor.key is None or visitor.role != "secret":
        # The right key is never refused for others' wrong ones: behind a proxy everyone has one address.
        wait = tries.wait(address)
        if wait > 0:
            page = _page(request, state, to, trouble="often", status_code=429)
            page.headers["Retry-After"] = str(math.ceil(wait))
            return page
        tries.count(address)
        trouble = "wrong" if visitor is None else "role"
        return _page(request, state, to, trouble=trouble, status_code=401 if visitor is None else 403)
    answer = Redirect(_target(to), status_code=303)
    answer.set_cookie(_cookie(request, make_session(visitor.tenant, visitor.key), HOURS * 3600))
    return answer


@post("/sign-out", sync_to_thread=False)
def sign_out(request: Request[Any, Any, Any]) -> Redirect:
    """Forget the session on this device."""
    answer = Redirect("/sign-in", status_code=303)
    answer.set_cookie(_cookie(request, "", 0))
    return answer


def _page(
    request: Request[Any, Any, Any], state: State, to: str, *, trouble: str = "", status_code: int = 200
) -> Response[str]:
    pages: Pages = state.pages
    return pages.render(
        request, "sign_in.html", status_code=status_code, at="/sign-in", to=_target(to), trouble=trouble, stranger=True
    )


def _cookie(request: Request[Any, Any, Any], value: str, seconds: int) -> Cookie:
    # Behind a proxy that ends TLS only the browser knows that the page is secure, and says so here.
    secure = request.scope["scheme"] == "https" or request.headers.get("origin", "").startswith("https://")
    return Cookie(key=COOKIE, value=value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=secure)


def _target(to: str) -> str:
    """Return a page of this dashboard, never an address somewhere else."""
    return to if to.startswith(f"{HOME}/") and to.isprintable() and "\\" not in to else HOME


SIGN_IN: list[Any] = [sign_in_page, sign_in, sign_out]
