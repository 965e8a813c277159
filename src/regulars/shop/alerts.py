"""What is unusual now: every hour that ends is held against the shop's own weeks; see docs/live.md."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING

from regulars.core.alerts import RECOMMENDATIONS, SHARES, WANTED, Alert, Delivery, Watched
from regulars.core.errors import RegularsError
from regulars.shop.hours import HOUR, Hours
from regulars.shop.recommendation_watch import RecommendationWatch
from regulars.shop.watching import judge, standing
from regulars.shop.webhooks import DeliveryError, Webhook, wait_seconds
from regulars.store.alerts import AlertBook

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from regulars.shop.facade import Shop

GRACE = timedelta(minutes=2)
"""After the end of an hour, for events on their way."""
CATCH_UP_HOURS = 24
"""Hours judged after a pause; those before are history."""
TICK_SECONDS = 5.0
CHECK_SECONDS = 60.0


class Alerts:
    """The alerts of one shop. Threads may share it; processes may check at once without raising an alert twice.

    Parameters
    ----------
    shop
        The open shop.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._settings = shop.settings.alerts
        self._hours = Hours(shop)
        self._chance = Random()

    @cached_property
    def _book(self) -> AlertBook:
        return AlertBook(self._shop.vault.state, self._shop.settings.shop.name, writes=bool(self._settings.webhook_url))

    @cached_property
    def _recommendations(self) -> RecommendationWatch:
        return RecommendationWatch(self._shop, self._book)

    def open(self) -> list[Alert]:
        """Return the alerts that go on, acknowledged ones too, newest first."""
        return self._book.going_on()

    def list(self, limit: int = 100) -> list[Alert]:
        """Return the newest alerts, newest first."""
        return self._book.list(limit)

    def acknowledge(self, alert: str) -> Alert:
        """Note that somebody knows; it closes by itself.

        Raises
        ------
        NotFoundError
            There is no such alert.
        """
        return self._book.acknowledge(alert, datetime.now(UTC))

    def standing(self) -> list[Watched]:
        """Return how every series stood at the end of the last hour that was judged; nothing before the first."""
        return self._book.standing()

    def check(self, now: datetime | None = None) -> list[Alert]:
        """Judge the hours that have ended since the last check; return the alerts raised.

        An alert closes with the first hours like those that opened it, the last one or the last day, that are inside
        limits which could have been passed: a night in which nothing is sold does not end a fall of sales.
        """
        now = now or datetime.now(UTC)
        until, before = self._until(now), self._book.checked()
        if before is not None and before >= until:
            return []
        first = max(before or until - HOUR, until - CATCH_UP_HOURS * HOUR)
        hours = self._hours.until(until)
        raised: list[Alert] = []
        while first < until:
            first += HOUR
            raised += self._judge(judge(hours, first, self._settings), now)
        recommended = self._recommendations.stand(until) if RECOMMENDATIONS in self._settings.series else []
        raised += self._judge(recommended, now)
        self._book.set_checked(until, [*standing(hours, until, self._settings), *recommended])
        return raised

    def due(self, now: datetime) -> bool:
        """Tell whether an hour has ended that was not judged yet."""
        before = self._book.checked()
        return before is None or before < self._until(now)

    def deliver(self, now: datetime | None = None) -> int:
        """Send the messages that are due to the webhook; return how many it took.

        A message that it does not take is tried again later, twice as long each time, until it is given up. A message
        that it took just before this process died is sent again under the same id.
        """
        if not self._settings.webhook_url:
            return 0
        taken = 0
        for letter in self._book.due(now or datetime.now(UTC)):
            at = now or datetime.now(UTC)
            try:
                Webhook(self._settings, self._shop.directory).send(letter.id, letter.body, at)
            except RegularsError as error:
                # An address or a secret that cannot be used is told where the messages are, and may be put right.
                tries = letter.tries + 1
                over = (isinstance(error, DeliveryError) and error.final) or tries >= self._settings.webhook_tries
                wait = timedelta(seconds=wait_seconds(tries, self._chance))
                self._book.failed(letter.id, error.message, None if over else at + wait)
                break  # the others wait for the next round: nobody waits for a dead server twenty times in a row
            else:
                self._book.delivered(letter.id)
                taken += 1
        return taken

    def deliveries(self, limit: int = 100) -> list[Delivery]:
        """Return how the newest messages to the webhook fared, newest first."""
        return self._book.deliveries(limit)

    def resend(self, delivery: str) -> Delivery:
        """Let a message that was given up be sent again.

        Raises
        ------
        NotFoundError
            There is no such message.
        """
        return self._book.resend(delivery, datetime.now(UTC))

    def _until(self, now: datetime) -> datetime:
        """Return the end of the last whole hour whose events can be here."""
        return self._hours.known_until((now - GRACE).replace(minute=0, second=0, microsecond=0))

    def _judge(self, found: list[Watched], now: datetime) -> list[Alert]:
        going_on = {alert.series: alert for alert in self._book.going_on()}
        raised: list[Alert] = []
        for one in found:
            alert = going_on.get(one.series)
            if alert is not None:
                if alert.hours == one.hours and _is_over(alert, one):
                    _ = self._book.close(alert.id, now)
            elif _is_out(one):
                new = self._book.open(one, now)
                if new is not None:
                    going_on[one.series] = new
                    raised.append(new)
        return raised


@contextmanager
def watching(shop: Shop, report: Callable[[str, Exception], None]) -> Generator[None]:
    """Check and deliver in a thread beside whatever the block does."""
    if not shop.settings.alerts.enabled:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(shop, stop, report), name="alerts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(shop: Shop, stop: threading.Event, report: Callable[[str, Exception], None]) -> None:
    next_check = 0.0
    waited = 0.0
    while not stop.wait(TICK_SECONDS):
        waited += TICK_SECONDS
        try:
            _ = shop.alerts.deliver()
            if waited >= next_check:
                next_check = waited + CHECK_SECONDS
                if shop.alerts.due(datetime.now(UTC)):
                    _ = shop.alerts.check()
        except Exception as error:  # noqa: BLE001 - whatever it is, collecting goes on, and the next hour is tried
            report(str(shop.directory), error)


def _is_out(one: Watched) -> bool:
    if one.state != "watched" or one.observed is None or one.low is None or one.high is None:
        return False
    # Fewer failures than ever are no reason to call anybody.
    falls = one.observed < one.low and (one.series not in SHARES or one.series in WANTED)
    return falls or one.observed > one.high


def _is_over(alert: Alert, one: Watched) -> bool:
    if one.state != "watched" or one.observed is None or one.low is None or one.high is None:
        return False
    return one.observed >= one.low > 0 if alert.falls else one.observed <= one.high
