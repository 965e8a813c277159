"""The live page: what is going on now, and what is unusual about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Redirect

from regulars.web.api.live import latest
from regulars.web.dashboard.alerts import alert_lines, delivery_lines, watched_lines
from regulars.web.dashboard.customers import KINDS
from regulars.web.dashboard.readings import Reading, interval, joined
from regulars.web.desk import VISITOR, OpenShop
from regulars.web.pages import Pages
from regulars.web.preferences import preferences
from regulars.web.wording import mark, words_of

if TYPE_CHECKING:
    from regulars.shop.live import LiveChange, LiveShare, LiveSnapshot
    from regulars.web.wording import Words

HOME = "/dashboard/live"
EVENT_KINDS = KINDS | {
    "page": mark("Opened a page"),
    "identify": mark("Became known"),
    "consent": mark("Answered about consent"),
}
SHOWN_KINDS = 6
"""Kinds with a colour of their own; the others share one."""
WIDTH, HEIGHT = 600, 120
"""Of the plot, in its own units."""
PAST_ALERTS, DELIVERIES = 20, 20


@dataclass(frozen=True)
class Bar:
    """One part of a minute's bar."""

    x: float
    y: float
    width: float
    height: float
    tone: int


@dataclass(frozen=True)
class Picture:
    """The plot of the last minutes, and the same as rows."""

    bars: list[Bar]
    legend: list[tuple[str, int]]
    most: int
    """Events in the fullest minute."""
    rows: list[tuple[str, list[int]]]
    """Kind → events in each minute, oldest first."""


@get(HOME, sync_to_thread=True)
def live_page(request: Request[Any, Any, Any], state: State, shop: OpenShop) -> Response[str]:
    """Show the page, with everything of this moment in it."""
    return _show(request, state, shop, "live.html")


@get(f"{HOME}/now", sync_to_thread=True)
def live_now(request: Request[Any, Any, Any], state: State, shop: OpenShop) -> Response[str]:
    """Return the parts of the page that change."""
    return _show(request, state, shop, "live_now.html")


@post(f"{HOME}/alerts/{{alert:str}}/acknowledge", status_code=303, sync_to_thread=True)
def acknowledge_alert(shop: OpenShop, alert: FromPath[str]) -> Redirect:
    """Note that somebody knows."""
    _ = shop.alerts.acknowledge(alert)
    return Redirect(HOME, status_code=303)


@post(f"{HOME}/deliveries/{{delivery:str}}/resend", status_code=303, sync_to_thread=True)
def resend_delivery(shop: OpenShop, delivery: FromPath[str]) -> Redirect:
    """Let a message that was given up be sent again."""
    _ = shop.alerts.resend(delivery)
    return Redirect(f"{HOME}#deliveries", status_code=303)


def _show(request: Request[Any, Any, Any], state: State, shop: OpenShop, template: str) -> Response[str]:
    pages: Pages = state.pages
    words = words_of(preferences(request).language)
    settings = pages.settings(request)
    zone = ZoneInfo(settings.shop.time_zone)
    found = latest(request.scope[VISITOR].tenant) or shop.live.snapshot()  # type: ignore[typeddict-item]
    currency = settings.shop.currency
    context: dict[str, Any] = {}
    if template == "live.html":
        over = (alert for alert in shop.alerts.list(PAST_ALERTS) if alert.state == "closed")
        context = {
            "watched": watched_lines(shop.alerts.standing(), words, currency),
            "past": alert_lines(over, words, currency, zone),
            "deliveries": delivery_lines(shop.alerts.deliveries(DELIVERIES), words, zone),
        }
    return pages.render(
        request,
        template,
        nav="live",
        live=found,
        alerts=alert_lines(found.alerts, words, currency, zone),
        picture=picture(found, words),
        event_kinds=EVENT_KINDS,
        conversion_note=_conversion(found, words),
        share_note=_interval(found.conversion, words),
        **context,
    )


def picture(found: LiveSnapshot, words: Words) -> Picture:
    """Lay out the bars: a minute each, the kinds on top of each other, the most frequent at the bottom."""
    named = [(_kind(one.kind, words), one.counts) for one in found.per_minute]
    shown, others = named[:SHOWN_KINDS], named[SHOWN_KINDS:]
    if others:
        shown.append((words.say("others"), [sum(counts) for counts in zip(*(c for _, c in others), strict=True)]))
    totals = [sum(counts) for counts in zip(*(c for _, c in shown), strict=True)] if shown else []
    most = max(totals, default=0)
    bars: list[Bar] = []
    step = WIDTH / found.minutes
    for minute in range(found.minutes if most else 0):
        top = float(HEIGHT)
        for tone, (_, counts) in enumerate(shown):
            height = HEIGHT * counts[minute] / most
            top -= height
            if height:
                bars.append(Bar(round(minute * step + 1, 1), round(top, 1), round(step - 2, 1), round(height, 1), tone))
    return Picture(bars, [(name, tone) for tone, (name, _) in enumerate(shown)], most, named)


def _kind(kind: str, words: Words) -> str:
    return words.say(EVENT_KINDS[kind]) if kind in EVENT_KINDS else kind


def _interval(share: LiveShare, words: Words) -> str:
    return interval(Reading(share.value, share.low, share.high, share.n), words.share, words)


def _conversion(found: LiveSnapshot, words: Words) -> str:
    """Return how the last hour's conversion stands to last week's."""
    before, change = found.conversion_last_week, found.conversion_change
    if change.value is None:
        return words.say("no visitors in the same hour last week") if not before.n else ""
    moved = words.say(
        "%(change)s on the same hour last week (%(share)s)",
        change=words.points(change.value),
        share=words.share(before.value),
    )
    return joined(moved, _change(change, words))


def _change(change: LiveChange, words: Words) -> str:
    reading = Reading(change.value, change.low, change.high, None)
    return interval(reading, lambda value: words.points(value, unit=False), words)


LIVE_PAGES: list[Any] = [live_page, live_now, acknowledge_alert, resend_delivery]
