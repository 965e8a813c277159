"""Alerts of a whole shop: raised once, closed by themselves, delivered even if the process is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from regulars.core.errors import NotFoundError
from regulars.core.schema import EVENTS
from regulars.core.settings import AlertSettings, Settings, ShopSettings, load_settings, save_settings
from regulars.shop import Shop
from regulars.shop.alerts import watching
from regulars.shop.hours import Hours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2024, 1, 1, tzinfo=UTC)
WEEKS = 5
NOW = START + timedelta(weeks=WEEKS, days=1, hours=13, minutes=5)
"""A Tuesday afternoon: the hours until 13:00 are over."""
HOUR = timedelta(hours=1)


def hour_of(at: datetime, number: int, source: np.random.Generator) -> list[dict[str, Any]]:
    """Return an hour's events: every shopper looks at something, a third buy."""
    rows: list[dict[str, Any]] = []
    for one in range(number):
        time_ = at + timedelta(seconds=3599 * float(source.random()))
        base = dict.fromkeys(EVENTS.names) | {"time": time_, "day": time_.date(), "subject": f"s{at:%m%d%H}-{one}"}
        rows.append(base | {"id": f"v{at:%m%d%H}-{one}", "kind": "view", "item": "tea"})
        if one % 3 == 0:
            bought = {"id": f"p{at:%m%d%H}-{one}", "kind": "purchase", "value": 5.0, "item": "tea", "session": "x"}
            rows.append(base | bought)
    return rows


def usual(at: datetime) -> int:
    return 39 if 8 <= at.hour < 22 else 9


def make(directory: Path, empty: range, weeks: int = WEEKS) -> Path:
    """Make a shop whose customers stay away in some of its last hours (1: the last one that is over)."""
    source = np.random.default_rng(1)
    shop = Shop.create(directory, Settings(shop=ShopSettings(name="Tea house")))
    end = NOW.replace(minute=0)
    at, rows = end - timedelta(weeks=weeks, hours=13), []
    while at < end:
        if (end - at) // HOUR not in empty:
            rows += hour_of(at, int(source.poisson(usual(at))), source)
        at += HOUR
    shop.store.append_events([pa.Table.from_pylist(rows, schema=EVENTS)])
    _ = shop.keyring.create("write")
    shop.close()
    return directory


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("quiet") / "shop", range(0))


@pytest.fixture(scope="module")
def fallen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a shop that nobody could reach in the last two hours."""
    return make(tmp_path_factory.mktemp("fallen") / "shop", range(1, 3))


def with_webhook(fallen: Path, directory: Path, url: str) -> Path:
    """Copy a shop that nothing was judged of, and give the copy a webhook."""
    shutil.copytree(fallen, directory)
    settings = load_settings(directory)
    save_settings(directory, msgspec.structs.replace(settings, alerts=AlertSettings(webhook_url=url)))
    return directory


@pytest.fixture(scope="module")
def untold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a shop that nobody could reach in the last hour; tests copy it."""
    return make(tmp_path_factory.mktemp("untold") / "shop", range(1, 2))


def test_nothing_is_unusual_about_a_usual_day(quiet: Path) -> None:
    with Shop.open(quiet) as shop:
        assert shop.alerts.due(NOW)
        assert shop.alerts.check(NOW) == []
        assert not shop.alerts.due(NOW)
        standing = {(one.series, one.hours): one for one in shop.alerts.standing()}
    orders = standing["orders", 24]
    assert orders.state == "watched"
    assert orders.observed == pytest.approx(14 * 13 + 10 * 3, rel=0.3)
    assert (orders.low or 0) < (orders.observed or 0) < (orders.high or 0)
    assert standing["failed_searches", 1].state == "absent"
    assert standing["conversion", 24].observed == pytest.approx(1 / 3, abs=0.04)


def test_a_fall_is_told_once_and_closes_by_itself(fallen: Path) -> None:
    """Noon was empty and so was one o'clock: told at one, not again at two, over when an hour is usual again."""
    with Shop.open(fallen) as shop:
        first = shop.alerts.check(NOW - HOUR)
        assert {alert.series for alert in first} >= {"events", "shoppers", "orders", "revenue"}
        orders = next(alert for alert in first if alert.series == "orders")
        assert (orders.hours, orders.observed, orders.state) == (1, 0, "open")
        assert orders.time == NOW.replace(minute=0) - HOUR
        assert 8 < orders.expected < 18
        assert orders.low > 0
        assert orders.falls
        assert shop.alerts.check(NOW - HOUR) == []
        assert [alert.series for alert in shop.alerts.check(NOW)] == []
        assert shop.alerts.acknowledge(orders.id).state == "acknowledged"
        assert {alert.id for alert in shop.alerts.open()} == {alert.id for alert in first}
        source = np.random.default_rng(3)
        rows = hour_of(NOW.replace(minute=0), 39, source)
        shop.store.append_events([pa.Table.from_pylist(rows, schema=EVENTS)])
        _ = shop.alerts.check(NOW + HOUR)
        closed = next(alert for alert in shop.alerts.list() if alert.id == orders.id)
        assert closed.state == "closed"
        assert not [alert for alert in shop.alerts.open() if alert.hours == 1 and alert.falls]


def test_an_alert_that_does_not_exist_is_said_so(quiet: Path) -> None:
    with Shop.open(quiet) as shop, pytest.raises(NotFoundError):
        shop.alerts.acknowledge("alert_x")


def test_two_weeks_are_too_few(tmp_path: Path) -> None:
    with Shop.open(make(tmp_path / "shop", range(1, 3), weeks=2)) as shop:
        assert shop.alerts.check(NOW) == []
        states = {one.state for one in shop.alerts.standing()}
        assert states <= {"learning", "quiet", "uneven", "absent"}


def test_what_was_not_imported_yet_did_not_fail_to_happen(quiet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key nobody sends events: the shop is judged up to the last day that it imported."""
    with Shop.open(quiet) as shop:
        late = NOW + timedelta(days=3)
        assert Hours(shop).known_until(late) == late
        monkeypatch.setattr(type(shop.keyring), "list", lambda _: [])
        assert Hours(shop).known_until(late) == NOW.replace(hour=0, minute=0) + timedelta(days=1)


def test_the_clocks_odd_hours_are_told_apart(tmp_path: Path) -> None:
    """Berlin, 31 March 2024: 23 hours, no 02:00. 27 October: 02:00 twice, and what it had is the mean of both."""
    settings = Settings(shop=ShopSettings(time_zone="Europe/Berlin"))
    with Shop.create(tmp_path / "shop", settings) as shop:
        source = np.random.default_rng(1)
        rows = hour_of(datetime(2024, 3, 30, 23, tzinfo=UTC), 1, source)
        rows += hour_of(datetime(2024, 10, 27, 0, tzinfo=UTC), 4, source)
        rows += hour_of(datetime(2024, 10, 27, 1, tzinfo=UTC), 6, source)
        shop.store.append_events([pa.Table.from_pylist(rows, schema=EVENTS)])
        spring = Hours(shop).until(datetime(2024, 3, 31, 22, tzinfo=UTC))
        assert spring.start == datetime(2024, 3, 29, 23, tzinfo=UTC)  # events' own days are UTC's here
        shoppers = spring.values["shoppers"]
        assert len(shoppers) == 48
        assert np.flatnonzero(np.isnan(shoppers)).tolist() == [24 + 2]
        autumn = Hours(shop).until(datetime(2024, 10, 27, 23, tzinfo=UTC))
        assert autumn.values["shoppers"][-24:][2] == 5
        assert not np.isnan(autumn.values["shoppers"][-24:]).any()


def test_rejects_are_counted_by_the_hour(quiet: Path) -> None:
    with Shop.open(quiet) as shop:
        folder = shop.directory / "rejects"
        folder.mkdir(exist_ok=True)
        path = folder / "collect-1.jsonl"
        path.write_text("{}\n{}\n{}\n")
        moment = (NOW - HOUR).timestamp()
        os.utime(path, (moment, moment))
        line = Hours(shop).until(NOW.replace(minute=0))
        assert line.values["rejects"][-1] == 3
        assert line.values["rejects"][:-1].sum() == 0
        path.unlink()


class Receiver:
    """A webhook that notes what it gets, and answers the first calls with an error."""

    def __init__(self, fails: int) -> None:
        self.got: list[tuple[str, str]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                receiver.got.append((self.headers["webhook-id"], body["type"]))
                self.send_response(503 if len(receiver.got) <= fails else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver(fails=1)
    yield made
    made.close()


def test_messages_are_tried_again_and_given_up_and_sent_again(
    tmp_path: Path, untold: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Shop.open(with_webhook(untold, tmp_path / "shop", receiver.url)) as shop:
        raised = shop.alerts.check(NOW)
        assert raised
        assert shop.alerts.deliver(NOW) == 0
        [failed] = [one for one in shop.alerts.deliveries() if one.tries]
        assert failed.error == "answered 503"
        assert failed.next_try is not None
        assert timedelta(seconds=2.5) <= failed.next_try - NOW <= timedelta(seconds=5)
        assert shop.alerts.deliver(NOW) == len(raised) - 1
        assert shop.alerts.deliver(NOW) == 0
        assert shop.alerts.deliver(failed.next_try) == 1
        assert {one.state for one in shop.alerts.deliveries()} == {"delivered"}
        assert [name for name, _ in receiver.got].count(failed.id) == 2
        monkeypatch.setattr("regulars.shop.alerts.wait_seconds", lambda *_: 0.0)
        receiver.close()
        _ = shop.alerts._book.close(raised[0].id, NOW)
        for _ in range(shop.settings.alerts.webhook_tries):
            assert shop.alerts.deliver(NOW) == 0
        [dead] = [one for one in shop.alerts.deliveries() if one.state == "dead"]
        assert dead.event == "alert.closed"
        assert shop.alerts.resend(dead.id).state == "waiting"


def test_an_address_that_cannot_be_used_is_told_with_the_message(tmp_path: Path, untold: Path) -> None:
    with Shop.open(with_webhook(untold, tmp_path / "shop", "http://hooks.shop.example/")) as shop:
        assert shop.alerts.check(NOW)
        assert shop.alerts.deliver(NOW) == 0
        [one] = [one for one in shop.alerts.deliveries() if one.tries]
    assert (one.state, one.error) == ("waiting", "messages to other machines go over https")


KILLED = """
import os, signal, sys
from datetime import datetime
from regulars.shop import Shop
from regulars.store.alerts import AlertBook
AlertBook.delivered = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
now = datetime.fromisoformat(sys.argv[2])
with Shop.open(sys.argv[1]) as shop:
    shop.alerts.check(now)
    shop.alerts.deliver(now)
"""


def test_a_message_outlives_a_kill_between_sending_and_noting(tmp_path: Path, untold: Path) -> None:
    """Sent, then killed with -9 before that is written down: it is sent again, under the same id."""
    receiver = Receiver(fails=0)
    try:
        directory = with_webhook(untold, tmp_path / "shop", receiver.url)
        command = [sys.executable, "-c", KILLED, str(directory), NOW.isoformat()]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        with Shop.open(directory) as shop:
            assert shop.alerts.open()
            assert not [one for one in shop.alerts.deliveries() if one.state == "delivered"]
            taken = shop.alerts.deliver(NOW)
            assert taken == len(shop.alerts.deliveries())
        first = receiver.got[0]
        assert receiver.got.count(first) == 2
        assert len({name for name, _ in receiver.got}) == taken
    finally:
        receiver.close()


def test_the_tending_process_checks_beside_its_work(fallen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure is reported and does not end the watch."""
    monkeypatch.setattr("regulars.shop.alerts.TICK_SECONDS", 0.02)
    reports: list[str] = []
    calls = 0

    def check(*_: Any) -> list[Any]:
        nonlocal calls
        calls += 1
        raise NotFoundError("of all things")

    with Shop.open(fallen) as shop:
        monkeypatch.setattr("regulars.shop.alerts.CHECK_SECONDS", 0.02)
        monkeypatch.setattr(shop.alerts, "check", check)
        monkeypatch.setattr(shop.alerts, "due", lambda _: True)
        with watching(shop, lambda _, error: reports.append(str(error))):
            for _ in range(200):
                if calls > 2:
                    break
                time.sleep(0.02)
    assert calls > 2
    assert len(reports) >= 2
