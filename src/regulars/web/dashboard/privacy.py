"""What may be done with people's data? Consents, requests, how long things are kept, and masking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery

from regulars.core.errors import UsageError
from regulars.core.rights import PURPOSES
from regulars.shop.masking import MaskedText, mask_lines
from regulars.web.api.identifiers import LONGEST
from regulars.web.desk import OpenShop
from regulars.web.forms import FORM, Form
from regulars.web.pages import Pages
from regulars.web.preferences import preferences
from regulars.web.wording import mark

if TYPE_CHECKING:
    from regulars.core.rights import Consent, RightsRequest
    from regulars.shop import Shop
    from regulars.shop.rights import Holding

HOME = "/dashboard/privacy"
SHOWN = 20
"""Requests on the page."""
LONGEST_TEXT = 65_536
PURPOSE_NAMES = {
    "analytics": (mark("Analytics"), mark("Counting and understanding behaviour.")),
    "personalisation": (mark("Personalisation"), mark("Recommending by a customer's own behaviour.")),
    "marketing": (mark("Marketing"), mark("Writing to customers unasked.")),
    "service": (mark("Service"), mark("Using a customer's data to answer them.")),
}
BASES = {
    "unless-refused": mark("allowed unless refused"),
    "if-agreed": mark("only if agreed"),
}
KINDS = {
    "erase": mark("Erasure"),
    "export": mark("Copy of their data"),
    "correct": mark("Correction"),
    "object": mark("Objection"),
}
STATUSES = {"open": mark("under way"), "done": mark("done"), "failed": mark("failed")}
SOURCES = {
    "page": mark("a page"),
    "api": mark("the API"),
    "dashboard": mark("this dashboard"),
    "import": mark("an import"),
    "cli": mark("the command line"),
    "signal": mark("the browser's signal"),
}
MASKS = {
    "phone": mark("phone number"),
    "id_number": mark("identity number"),
    "card": mark("bank card"),
    "email": mark("e-mail address"),
    "ip": mark("network address"),
    "iban": mark("bank account"),
    "us_ssn": mark("social security number"),
    "name": mark("name"),
    "address": mark("postal address"),
}
LAWS = {
    "met": mark("met"),
    "partly": mark("partly met"),
    "yours": mark("yours to do"),
}
WORDS: dict[str, Any] = {
    "purposes": PURPOSE_NAMES, "bases": BASES, "kinds": KINDS, "statuses": STATUSES, "sources": SOURCES,
    "masks": MASKS,
}  # fmt: skip


class Answer(NamedTuple):
    """One purpose of one customer."""

    purpose: str
    consent: Consent | None
    basis: str


class Person(NamedTuple):
    """A customer as the page shows them."""

    id: str
    answers: list[Answer]
    history: list[Consent]
    holding: Holding


class Asked(NamedTuple):
    """A request, and whether its receipt is genuine."""

    request: RightsRequest
    genuine: bool | None


@get(HOME, sync_to_thread=True)
def privacy_page(
    request: Request[Any, Any, Any],
    state: State,
    shop: OpenShop,
    customer: FromQuery[str] = "",
    done: FromQuery[str] = "",
) -> Response[str]:
    """Show where the shop stands, and one customer when asked for."""
    return show(request, state, shop, customer=whom(customer), done=done)


@post(f"{HOME}/mask", dependencies={"form": FORM}, status_code=200, sync_to_thread=True)
def try_masking(request: Request[Any, Any, Any], state: State, shop: OpenShop, form: Form) -> Response[str]:
    """Mask a text that somebody tries; it is kept nowhere, and stands in no address."""
    text = form.get("text", "")
    if len(text) > LONGEST_TEXT:
        raise UsageError(f"a text has at most {LONGEST_TEXT:,} characters", where="text")
    return show(request, state, shop, text=text, masked=next(iter(mask_lines([text]))))


@get(f"{HOME}/impact", sync_to_thread=True)
def impact_page(request: Request[Any, Any, Any], state: State, shop: OpenShop) -> Response[str]:
    """Show what the laws ask and what answers it, ready to be printed."""
    pages: Pages = state.pages
    rows = shop.accountability.impact()
    return pages.render(
        request,
        "impact.html",
        nav="privacy",
        laws={law: [row for row in rows if row.law == law] for law in ("PIPL", "GDPR")},
        statuses=LAWS,
        summary=shop.accountability.summary(),
        language=preferences(request).language,
    )


@get(f"{HOME}/requests/{{request_id:str}}", sync_to_thread=True)
def request_page(
    request: Request[Any, Any, Any], state: State, shop: OpenShop, request_id: FromPath[str]
) -> Response[str]:
    """Show one request with its receipt."""
    pages: Pages = state.pages
    found = shop.rights.request(request_id)
    return pages.render(
        request, "receipt.html", nav="privacy", asked=_asked(shop, found), kinds=KINDS, statuses=STATUSES
    )


def show(
    request: Request[Any, Any, Any],
    state: State,
    shop: Shop,
    *,
    customer: str = "",
    done: str = "",
    wrong: str = "",
    text: str = "",
    masked: MaskedText | None = None,
    status_code: int = 200,
) -> Response[str]:
    """Return the page.

    Parameters
    ----------
    customer
        Whom to show; nobody when empty.
    done, wrong
        What was just done, or what went wrong, as a code.
    text, masked
        A text that was tried, and what became of it.
    """
    pages: Pages = state.pages
    summary = shop.accountability.summary()
    return pages.render(
        request,
        "privacy.html",
        status_code=status_code,
        at=HOME,
        nav="privacy",
        summary=summary,
        requests=[_asked(shop, one) for one in shop.rights.requests(SHOWN)],
        person=person(shop, customer) if customer else None,
        done=done,
        wrong=wrong,
        text=text,
        masked=masked,
        **WORDS,
    )


def person(shop: Shop, customer: str) -> Person:
    """Return what the page shows of one customer."""
    rights, privacy = shop.rights, shop.settings.privacy
    current = {one.purpose: one for one in rights.consents(customer)}
    answers = [Answer(purpose, current.get(purpose), getattr(privacy, purpose)) for purpose in PURPOSES]
    return Person(customer, answers, rights.consent_history(customer)[::-1], rights.holding(customer))


def whom(customer: str) -> str:
    """Return the customer a form or an address names.

    Raises
    ------
    UsageError
        It is longer than any shop's ids are.
    """
    if len(customer) > LONGEST:
        raise UsageError(f"an identifier has at most {LONGEST} characters", where="customer")
    return customer.strip()


def _asked(shop: Shop, found: RightsRequest) -> Asked:
    return Asked(found, None if found.receipt is None else shop.rights.verifies(found.receipt))


PRIVACY_PAGES: list[Any] = [privacy_page, try_masking, impact_page, request_page]
