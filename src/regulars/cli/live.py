"""`live` and `alerts`: what is going on in a shop, and what is unusual about it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.live import Live as Screen
from rich.table import Table as RichTable

from regulars.cli.options import Json, ShopDir
from regulars.cli.output import out, print_json, print_rows
from regulars.shop import Shop

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regulars.core.alerts import Alert
    from regulars.shop.live import LiveSnapshot

EVERY_SECONDS = 1.0
CheckOption = Annotated[bool, typer.Option("--check", help="Judge the hours that have ended since the last check.")]
ResendOption = Annotated[str | None, typer.Option(metavar="ID", help="Send a message that was given up again.")]
Minutes = Annotated[int, typer.Option(min=5, max=60, help="How far back to look.")]


def live_command(directory: ShopDir, minutes: Minutes = 30, json: Json = False) -> None:
    """Show the last minutes of a shop until stopped; with --json once."""
    with Shop.open(directory) as shop:
        if json or not out.is_terminal:
            found = shop.live.snapshot(minutes)
            print_json(found) if json else out.print(_screen(found))
            return
        with Screen(_screen(shop.live.snapshot(minutes)), console=out, auto_refresh=False) as screen:
            while True:
                time.sleep(EVERY_SECONDS)
                screen.update(_screen(shop.live.snapshot(minutes)), refresh=True)


def alerts_command(
    directory: ShopDir, check: CheckOption = False, resend: ResendOption = None, json: Json = False
) -> None:
    """List what is unusual, how every series stands, and the messages to the webhook."""
    with Shop.open(directory) as shop:
        if check:
            _ = shop.alerts.check()
        if resend:
            _ = shop.alerts.resend(resend)
        going_on, watched, deliveries = shop.alerts.open(), shop.alerts.standing(), shop.alerts.deliveries()
    if json:
        print_json({"open": going_on, "series": watched, "deliveries": deliveries})
        return
    for alert in going_on:
        out.print(_sentence(alert), soft_wrap=True, highlight=False)
    if not going_on:
        out.print("Nothing is unusual.")
    rows = [(w.series, w.hours, w.observed, w.expected, w.low, w.high, w.state) for w in watched]
    print_rows("", ["series", "hours", "seen", "expected", "from", "to", "state"], rows)
    if deliveries:
        lines = [(d.id, d.event, d.state, d.tries, d.error) for d in deliveries]
        print_rows("Webhook", ["id", "event", "state", "tries", "error"], lines)


def _sentence(alert: Alert) -> str:
    much = "little" if alert.falls else "much"
    seen = f"{alert.observed:,.4g}, expected {alert.expected:,.4g} ({alert.low:,.4g} to {alert.high:,.4g})"
    end = f"{alert.hours} h to {alert.time:%F %H:%M}"
    return f"{alert.id}  {alert.state}: unusually {much} {alert.series} in {end}: {seen}"


def _screen(found: LiveSnapshot) -> RenderableType:
    head = RichTable(title=f"{found.time:%F %H:%M:%S} UTC", title_justify="left", header_style="bold")
    for name in (
        "active, 5 min",
        f"active, {found.minutes} min",
        "events",
        "orders",
        "revenue",
        "today",
        "bought, 1 h",
    ):
        head.add_column(name, justify="right")
    share = "–" if found.conversion.value is None else f"{found.conversion.value:.1%} of {found.conversion.n:,}"
    head.add_row(
        f"{found.active_5:,}",
        f"{found.active:,}",
        f"{found.events:,}",
        f"{found.orders:,}",
        f"{found.revenue:,.2f}",
        f"{found.orders_today:,} / {found.revenue_today:,.2f}",
        share,
    )
    latest = RichTable(header_style="bold")
    for name in ("time", "kind", "item", "place"):
        latest.add_column(name)
    for event in found.latest[:10]:
        latest.add_row(f"{event.time:%H:%M:%S}", event.kind, event.title, event.place)
    alerts = [_sentence(alert) for alert in found.alerts]
    if not found.latest:
        last = f"the last event was on {found.last_day}" if found.last_day else "there are no events yet"
        return Group(*alerts, head, f"Nothing has happened in the last minutes; {last}.")
    return Group(*alerts, head, latest)
