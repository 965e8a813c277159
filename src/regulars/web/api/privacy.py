"""What people allowed and can ask for: consents, their rights, and what may leave the shop without naming anyone."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, patch, post, put
from litestar.params import PathParameter, QueryParameter, RawBody
from msgspec import Meta

from regulars.core.errors import DamagedError, UsageError
from regulars.core.rights import Consent, ImpactRow, RightsRequest
from regulars.shop.accountability import PrivacySummary
from regulars.shop.masking import MaskedText, mask_lines
from regulars.web.api.bodies import TAKES, Body, Word, check_value, read
from regulars.web.api.identifiers import Customer, tail
from regulars.web.desk import OpenShop

TAGS = ["privacy"]
Purpose = Literal["analytics", "personalisation", "marketing", "service"]
ERASE_SECONDS = 10.0
PROFILE_BYTES = 65_536
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="Requests wanted, newest first.")]
RequestId = Annotated[str, PathParameter(description="The request's id.")]


class ConsentAnswers(Body, frozen=True, kw_only=True):
    """What somebody answered."""

    answers: Annotated[
        dict[Purpose, bool], Meta(description="Purpose → agreed or not; at least one.", min_length=1, max_length=4)
    ]
    notice: Annotated[Word, Meta(description="Version of the notice they saw; the one in force when empty.")] = ""


class Consents(msgspec.Struct, frozen=True, kw_only=True):
    """Answers of one customer."""

    consents: list[Consent]
    """Those in force, one for each purpose that was answered."""
    history: list[Consent]
    """All, oldest first."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop knows about a customer that is not behaviour."""

    profile: dict[str, Any]


class Texts(Body, frozen=True, kw_only=True):
    """Texts to mask."""

    texts: Annotated[
        list[Annotated[str, Meta(max_length=65_536)]], Meta(max_length=1000, description="At most 64 KB each.")
    ]


class MaskedTexts(msgspec.Struct, frozen=True, kw_only=True):
    """The same texts, masked."""

    texts: list[MaskedText]


class CountQuestion(Body, frozen=True, kw_only=True):
    """Whom to count, and how much privacy to spend on it."""

    kind: Annotated[Word, Meta(description="Customers with an event of this kind; of any when empty.")] = ""
    day: Annotated[Word, Meta(description="On this day, as 2026-01-31; ever when empty.")] = ""
    epsilon: Annotated[float, Meta(description="Smaller is noisier.", ge=0.001, le=100)] = 0.5


class NoisyCount(msgspec.Struct, frozen=True, kw_only=True):
    """A count that hides whether any one person is in it."""

    count: int
    epsilon: float
    interval: int
    """The true count is within ± this 95 times in 100."""
    month: str
    budget_left: float


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """What anybody can check this shop's receipts with."""

    algorithm: str
    public_key: str
    """32 bytes in base 64."""


@get("/privacy/consents/{customer:path}", summary="A customer's consents", tags=TAGS, sync_to_thread=True)
def consents(request: Request[Any, Any, Any], shop: OpenShop, customer: Customer) -> Consents:
    """Return the answers in force and every answer before them; both empty for somebody who never answered."""
    user = tail(request, customer)
    return Consents(consents=shop.rights.consents(user), history=shop.rights.consent_history(user))


@put(
    "/privacy/consents/{customer:path}",
    summary="Record answers about consent",
    tags=TAGS,
    sync_to_thread=True,
    opt={TAKES: ConsentAnswers},
)
def set_consents(request: Request[Any, Any, Any], shop: OpenShop, customer: Customer, body: RawBody) -> Consents:
    """Record what a customer agreed to and refused; it holds in every process within a second."""
    user, said = tail(request, customer), read(body, ConsentAnswers)
    found = shop.rights.set_consents(user, {**said.answers}, source="api", notice=said.notice)
    return Consents(consents=found, history=shop.rights.consent_history(user))


@get("/privacy/export/{customer:path}", summary="A copy of a customer's data", tags=TAGS, sync_to_thread=True)
def export(request: Request[Any, Any, Any], shop: OpenShop, customer: Customer) -> Response[bytes]:
    """Return a ZIP archive of everything the shop holds about a customer; that it was made is noted."""
    return archive(shop.rights.export(tail(request, customer)))


@patch(
    "/privacy/profile/{customer:path}",
    summary="Correct a customer's profile",
    tags=TAGS,
    sync_to_thread=True,
    opt={TAKES: dict[str, Any]},
)
def correct(request: Request[Any, Any, Any], shop: OpenShop, customer: Customer, body: RawBody) -> Profile:
    """Put the fields sent in the place of those known; null deletes one. Return the profile as it is now."""
    return Profile(profile=shop.rights.correct(tail(request, customer), traits_of(body)))


@post("/privacy/erase/{customer:path}", summary="Erase a customer", tags=TAGS, status_code=200, sync_to_thread=True)
def erase(request: Request[Any, Any, Any], shop: OpenShop, customer: Customer) -> Response[RightsRequest]:
    """Erase a customer: unreadable at once, physically gone soon.

    200 with the signed receipt when it is done within ten seconds; else 202 with the open request, to be asked for
    again under `/api/privacy/requests`.
    """
    found = shop.rights.erase(tail(request, customer), wait=ERASE_SECONDS)
    if found.status == "failed":
        raise DamagedError(found.detail or "the erasure failed", where=found.id, fix="Ask again.")
    return Response(found, status_code=200 if found.status == "done" else 202)


@get("/privacy/requests", summary="What people asked for", tags=TAGS, sync_to_thread=True)
def requests(shop: OpenShop, limit: Limit = 100) -> list[RightsRequest]:
    """Return requests, newest first: when each is due, and the receipt of those that are done."""
    return shop.rights.requests(limit)


@get("/privacy/requests/{request_id:str}", summary="One request", tags=TAGS, sync_to_thread=True)
def one_request(shop: OpenShop, request_id: RequestId) -> RightsRequest:
    """Return a request with its receipt."""
    return shop.rights.request(request_id)


@get("/privacy/public-key", summary="The key that verifies receipts", tags=TAGS, sync_to_thread=True)
def public_key(shop: OpenShop) -> PublicKey:
    """Return the Ed25519 key whose private half signs this shop's receipts; it may be published."""
    return PublicKey(algorithm="Ed25519", public_key=base64.b64encode(shop.rights.public_key).decode("ascii"))


@post(
    "/privacy/mask",
    summary="Mask personal data in texts",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    opt={TAKES: Texts},
)
def mask(body: RawBody) -> MaskedTexts:
    """Return each text masked, with the places (start, end, kind) of what was personal in the original."""
    texts = read(body, Texts).texts
    for number, text in enumerate(texts):
        if len(text.encode()) > 65_536:
            raise UsageError("a text has at most 65,536 bytes", where=f"texts[{number}]")
    return MaskedTexts(texts=list(mask_lines(texts)))


@get("/privacy/impact", summary="The impact assessment", tags=TAGS, sync_to_thread=True)
def impact(shop: OpenShop) -> list[ImpactRow]:
    """Return what PIPL and GDPR ask and what answers it, drawn up from the settings, in English and Chinese."""
    return shop.accountability.impact()


@get("/privacy/summary", summary="Where the shop stands", tags=TAGS, sync_to_thread=True)
def summary(shop: OpenShop) -> PrivacySummary:
    """Return answers by purpose, open requests, what is kept for how long, and where the master key is."""
    return shop.accountability.summary()


@post(
    "/privacy/count",
    summary="Count customers with noise",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    opt={TAKES: CountQuestion},
)
def count(shop: OpenShop, body: RawBody) -> NoisyCount:
    """Return how many customers there are, differentially private, paid from this month's budget."""
    asked = read(body, CountQuestion)
    return NoisyCount(**shop.sharing.count(kind=asked.kind, day=asked.day, epsilon=asked.epsilon))


def archive(data: bytes) -> Response[bytes]:
    """Return an archive for download; its name names nobody."""
    name = f"export-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="application/zip", headers=headers)


def traits_of(body: bytes) -> dict[str, Any]:
    """Return the fields of a profile in a JSON body.

    Raises
    ------
    UsageError
        They are not an object of at most 64 KB whose fields have names.
    """
    if len(body) > PROFILE_BYTES:
        raise UsageError(f"a profile has at most {PROFILE_BYTES:,} bytes", where="body")
    traits = read(body, dict[str, Any])
    for name, value in traits.items():
        if not name.strip() or len(name) > 200 or re.search(r"[\x00-\x1f\x7f]", name):
            raise UsageError("a field has a name of 1 to 200 characters", where=name[:80] or "body")
        check_value(value, name)
    return traits


PRIVACY: list[Any] = [
    consents, set_consents, export, correct, erase, requests, one_request, public_key, mask, impact, summary, count,
]  # fmt: skip
