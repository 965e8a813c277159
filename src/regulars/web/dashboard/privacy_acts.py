"""What the buttons of the Privacy page do for one customer: plain forms, then back to the page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.response import Redirect

from regulars.core.errors import UsageError
from regulars.web.api.privacy import ERASE_SECONDS, archive
from regulars.web.dashboard.privacy import HOME, show, whom
from regulars.web.desk import OpenShop
from regulars.web.forms import FORM, Form

LONGEST_FIELD, LONGEST_VALUE, LONGEST_NOTICE = 200, 2_000, 64


@post(f"{HOME}/consents", dependencies={"form": FORM}, status_code=303, sync_to_thread=True)
def record_consent(shop: OpenShop, form: Form) -> Redirect:
    """Record one answer of a customer."""
    customer, given = _customer(form), {"yes": True, "no": False}.get(form.get("given", ""))
    if given is None:
        raise UsageError("say yes or no", where="given")
    notice = _short(form.get("notice", ""), LONGEST_NOTICE, "notice")
    _ = shop.rights.set_consents(customer, {form.get("purpose", ""): given}, source="dashboard", notice=notice)
    return _back(customer, "consents")


@post(f"{HOME}/profile", dependencies={"form": FORM}, status_code=303, sync_to_thread=True)
def correct_profile(shop: OpenShop, form: Form) -> Redirect:
    """Put one field of a customer's profile right; an empty value deletes it."""
    customer = _customer(form)
    field = _short(form.get("field", ""), LONGEST_FIELD, "field")
    value = form.get("value", "").strip()
    if not field:
        raise UsageError("name the field", where="field")
    if len(value) > LONGEST_VALUE:
        raise UsageError(f"it has at most {LONGEST_VALUE:,} characters", where="value")
    _ = shop.rights.correct(customer, {field: value or None})
    return _back(customer, "profile")


@post(f"{HOME}/export", dependencies={"form": FORM}, status_code=200, sync_to_thread=True)
def export_data(shop: OpenShop, form: Form) -> Response[bytes]:
    """Send an archive of everything the shop holds about a customer."""
    return archive(shop.rights.export(_customer(form)))


@post(f"{HOME}/erase", dependencies={"form": FORM}, status_code=303, sync_to_thread=True)
def erase_customer(request: Request[Any, Any, Any], state: State, shop: OpenShop, form: Form) -> Response[Any]:
    """Erase a customer whose identifier was typed once more; show the request, with its receipt once it is done."""
    customer = _customer(form)
    if form.get("confirm", "").strip() != customer:
        return show(request, state, shop, customer=customer, wrong="erase", status_code=400)
    found = shop.rights.erase(customer, wait=ERASE_SECONDS)
    return Redirect(f"{HOME}/requests/{found.id}", status_code=303)


def _customer(form: dict[str, str]) -> str:
    customer = whom(form.get("customer", ""))
    if not customer:
        raise UsageError("name the customer", where="customer")
    return customer


def _short(text: str, longest: int, where: str) -> str:
    text = text.strip()
    if len(text) > longest or not text.isprintable():
        raise UsageError(f"it has at most {longest} characters, on one line", where=where)
    return text


def _back(customer: str, done: str) -> Redirect:
    return Redirect(f"{HOME}?{urlencode({'customer': customer, 'done': done})}", status_code=303)


PRIVACY_ACTS: list[Any] = [record_consent, correct_profile, export_data, erase_customer]
