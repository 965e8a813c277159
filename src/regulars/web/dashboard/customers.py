"""Who are they, and who is slipping? The list of customers, and one of them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath, QueryParameter

from regulars.core.errors import NotLearnedError
from regulars.web.api.customers import Search, Segment, Sort
from regulars.web.api.identifiers import tail
from regulars.web.dashboard.privacy import WORDS, person
from regulars.web.dashboard.slates import slate_view
from regulars.web.desk import OpenShop
from regulars.web.observe import Metrics
from regulars.web.pages import Pages
from regulars.web.preferences import preferences
from regulars.web.values import naming
from regulars.web.wording import mark, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from regulars.core.records import HistoryLine, Slate

PAGE = 50
WEEKS = 26
KINDS = {
    "purchase": mark("Bought"),
    "view": mark("Viewed"),
    "list": mark("Saw in a list"),
    "search": mark("Searched"),
    "click": mark("Clicked"),
    "wish": mark("Wished for"),
    "cart": mark("Put in the cart"),
    "uncart": mark("Took out of the cart"),
    "checkout": mark("Went to checkout"),
    "cancel": mark("Cancelled"),
    "refund": mark("Returned"),
    "rate": mark("Rated"),
    "review": mark("Reviewed"),
    "share": mark("Shared"),
    "open": mark("Opened a message"),
    "message": mark("Was sent a message"),
    "unsubscribe": mark("Unsubscribed"),
}
PageNumber = Annotated[int, QueryParameter(ge=1, le=100_000)]
OfKind = Annotated[str, QueryParameter(max_length=64)]
HistoryLines = Annotated[int, QueryParameter(ge=1, le=2_000)]


@get("/dashboard/customers", sync_to_thread=True)
def customers_page(
    request: Request[Any, Any, Any],
    state: State,
    shop: OpenShop,
    search: Search = "",
    segment: Segment = "",
    sort: Sort = "spend",
    page: PageNumber = 1,
) -> Response[str]:
    """Show the customers that match, a page at a time."""
    pages: Pages = state.pages
    search = search.strip()
    found = shop.customers(search=search, segment=segment, sort=sort, limit=PAGE, offset=(page - 1) * PAGE)
    return pages.render(
        request,
        "customers.html",
        nav="customers",
        found=found,
        counts=shop.segments(),
        search=search,
        segment=segment,
        sort=sort,
        page=page,
        first=(page - 1) * PAGE + 1,
        last=(page - 1) * PAGE + len(found.customers),
    )


@get("/dashboard/customers/{subject:path}", sync_to_thread=True)
def customer_page(
    request: Request[Any, Any, Any],
    state: State,
    shop: OpenShop,
    subject: FromPath[Path],
    events: HistoryLines = 40,
    kind: OfKind = "",
    page: PageNumber = 1,
) -> Response[str]:
    """Show one customer: what they are like, what they buy, what to offer them, what they did."""
    pages: Pages = state.pages
    words = words_of(preferences(request).language)
    kinds = (kind,) if kind else ()
    profile = shop.customer(tail(request, subject), events=events, kinds=kinds, offset=(page - 1) * events)
    slate = _slate(shop, profile.summary.subject, state.metrics)
    return pages.render(
        request,
        "customer.html",
        nav="customers",
        profile=profile,
        summary=profile.summary,
        slate=slate_view(slate) if slate else None,
        days=visits(profile.history, ZoneInfo(shop.settings.shop.time_zone)),
        event_kinds=KINDS,
        events=events,
        kind=kind,
        page=page,
        pages=max(1, -(-profile.history_total // events)),
        calendar=calendar(profile.active, shop.status().last_day),
        rfm=naming(words)(profile.rfm),
        brands=", ".join(f"{name} {words.share(share, 0)}" for name, share in profile.top_brands[:4]),
        answers=person(shop, profile.summary.subject).answers,
        **WORDS,
    )


def _slate(shop: OpenShop, subject: str, metrics: Metrics) -> Slate | None:
    try:
        slate = shop.recommend(user=subject)
    except NotLearnedError:
        return None
    metrics.count_slate(slate)
    return slate


class Week(NamedTuple):
    """One column of the calendar of visits."""

    monday: date
    days: list[tuple[date, bool] | None]
    """Monday to Sunday: the day and whether they came; None beyond the last day."""


def calendar(active: Sequence[date], last: date | None) -> list[Week]:
    """Return the last 26 weeks up to `last`, oldest first."""
    if last is None:
        return []
    came = set(active)
    this = last - timedelta(days=last.weekday())
    weeks: list[Week] = []
    for back in range(WEEKS - 1, -1, -1):
        monday = this - timedelta(weeks=back)
        days = [monday + timedelta(days=at) for at in range(7)]
        weeks.append(Week(monday, [(day, day in came) if day <= last else None for day in days]))
    return weeks


class Visit(NamedTuple):
    """What was done in one session of one day."""

    day: date
    session: str | None
    lines: list[HistoryLine]

    @property
    def total(self) -> float:
        """What was bought, in money."""
        return sum(line.value or 0.0 for line in self.lines if line.kind == "purchase")


def visits(history: Sequence[HistoryLine], zone: tzinfo) -> list[tuple[date, list[Visit]]]:
    """Group history by the shop's calendar day, then by session, keeping its order."""

    def day_of(line: HistoryLine) -> date:
        return line.time.astimezone(zone).date()

    def session_of(line: HistoryLine) -> str | None:
        return line.session

    return [
        (day, [Visit(day, session, list(lines)) for session, lines in groupby(list(of_day), session_of)])
        for day, of_day in groupby(history, day_of)
    ]
