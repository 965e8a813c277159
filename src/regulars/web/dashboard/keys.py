"""The Settings page: who may send and who may ask, how events are sent, what is set."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from regulars.core.errors import UsageError
from regulars.core.settings import descriptions
from regulars.shop.keyring import OVERLAP_HOURS, state_of
from regulars.web.dashboard.snippets import snippets
from regulars.web.desk import VISITOR, OpenKeyring
from regulars.web.forms import FORM, Form
from regulars.web.pages import Pages
from regulars.web.wording import mark

if TYPE_CHECKING:
    from regulars.core.rights import KeyInfo, NewKey, Role
    from regulars.core.settings import Settings
    from regulars.shop.keyring import Keyring
    from regulars.web.tenants import Visitor

HOME = "/dashboard/settings"
LONGEST_LABEL, MOST_DAYS = 200, 36_500
ROLES: dict[str, tuple[str, str]] = {
    "write": (mark("Write"), mark("A server sends events with it.")),
    "public": (mark("Public"), mark("A page sends events with it, and everybody can read it there.")),
    "secret": (mark("Secret"), mark("It opens everything, this dashboard too.")),
}
STATES = {"valid": mark("works"), "expired": mark("expired"), "revoked": mark("revoked")}


class KeyLine(NamedTuple):
    """A key as the page lists it."""

    info: KeyInfo
    state: str
    mine: bool
    """Whoever looks is signed in by this one."""


class SettingLine(NamedTuple):
    """A setting in force."""

    name: str
    value: str
    meaning: str


@get(HOME, sync_to_thread=True)
def settings_page(
    request: Request[Any, Any, Any], state: State, keyring: OpenKeyring, done: FromQuery[str] = ""
) -> Response[str]:
    """Show the keys, how to send events, and the settings in force."""
    return _show(request, state, keyring, done=done)


@post(f"{HOME}/keys", dependencies={"form": FORM}, status_code=200, sync_to_thread=True)
def create_key(request: Request[Any, Any, Any], state: State, keyring: OpenKeyring, form: Form) -> Response[str]:
    """Make a key and show its secret on the page that answers: it stands in no address."""
    role, label = form.get("role", ""), form.get("label", "").strip()
    if role not in ROLES:
        raise UsageError(f"there is no role '{role[:40]}'", where="role", fix=f"One of {', '.join(ROLES)}.")
    if len(label) > LONGEST_LABEL or not label.isprintable():
        raise UsageError(f"a label has at most {LONGEST_LABEL} characters, on one line", where="label")
    made = keyring.create(cast("Role", role), label, days=_days(form.get("days", "").strip()))
    return _show(request, state, keyring, made=made)


@post(f"{HOME}/keys/{{key_id:str}}/rotate", status_code=200, sync_to_thread=True)
def replace_key(
    request: Request[Any, Any, Any], state: State, keyring: OpenKeyring, key_id: FromPath[str]
) -> Response[str]:
    """Make a key that takes over from this one."""
    return _show(request, state, keyring, made=keyring.rotate(key_id), replaced=key_id)


@post(f"{HOME}/keys/{{key_id:str}}/revoke", status_code=303, sync_to_thread=True)
def stop_key(keyring: OpenKeyring, key_id: FromPath[str]) -> Redirect:
    """Stop a key for good."""
    keyring.revoke(key_id)
    return Redirect(f"{HOME}?done=revoked", status_code=303)


def _show(
    request: Request[Any, Any, Any],
    state: State,
    keyring: Keyring,
    *,
    made: NewKey | None = None,
    replaced: str = "",
    done: str = "",
) -> Response[str]:
    pages: Pages = state.pages
    visitor: Visitor | None = request.scope.get(VISITOR)
    mine = visitor.key.id if visitor is not None and visitor.key is not None else ""
    lines = [KeyLine(info, state_of(info), info.id == mine) for info in keyring.list()]
    # What works comes first, the newest on top.
    lines.sort(key=lambda line: (line.state != "valid", -line.info.created.timestamp()))
    address = f"{request.scope['scheme']}://{request.headers.get('host', '127.0.0.1')}"
    settings = pages.settings(request)
    return pages.render(
        request,
        "settings.html",
        at=HOME,
        nav="settings",
        keys=lines,
        made=made,
        replaced=replaced,
        done=done,
        overlap=OVERLAP_HOURS,
        roles=ROLES,
        states=STATES,
        snippets=snippets(address, made),
        sections=_sections(settings),
        file=str(visitor.tenant.directory / "regulars.toml") if visitor is not None else "regulars.toml",
    )


def _days(text: str) -> float | None:
    if not text:
        return None
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not 0 < days <= MOST_DAYS:
        raise UsageError(f"a key works for up to {MOST_DAYS:,} days", where="days", fix="Leave it empty for ever.")
    return days


def _sections(settings: Settings) -> dict[str, list[SettingLine]]:
    found: dict[str, list[SettingLine]] = {}
    for section in msgspec.structs.fields(settings):
        values = getattr(settings, section.name)
        found[section.name] = [
            SettingLine(name, msgspec.json.encode(getattr(values, name)).decode(), text)
            for name, text in descriptions(type(values)).items()
        ]
    return found


SETTINGS_PAGES: list[Any] = [settings_page, create_key, replace_key, stop_key]
