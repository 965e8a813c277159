"""The Live page, its API and its stream."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from regulars.core.alerts import Watched
from regulars.core.errors import BusyError
from regulars.shop import Shop
from regulars.shop.live import LiveKind
from regulars.store.alerts import AlertBook
from regulars.web.api.live import STREAMS, Feed
from regulars.web.dashboard.live import picture
from regulars.web.wording import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime.now(UTC)
FALL = Watched(
    series="revenue", hours=24, state="watched", time=NOW, observed=120.0, expected=900.0, low=250.0, high=2000.0
)  # fmt: skip


@pytest.fixture(scope="module")
def alert(own_shop: Path) -> str:
    """Raise an alert whose message was given up, in the shop of `home`."""
    with Shop.open(own_shop) as shop:
        book = AlertBook(shop.vault.state, "Tea house", writes=True)
        raised = book.open(FALL, NOW)
        assert raised is not None
        book.failed(book.due(NOW)[0].id, "answered 500", None)
        book.set_checked(NOW, [FALL])
    return raised.id


def test_the_api_tells_the_last_minutes(home: Any) -> None:
    answer = home.get("/api/live")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["active"], body["minutes"], body["last_day"]) == (0, 30, "2024-03-10")
    assert home.get("/api/live?minutes=4").status_code == 400
    assert home.get("/api/live?minutes=60").json()["minutes"] == 60


def test_an_alert_is_listed_acknowledged_and_its_message_sent_again(home: Any, alert: str) -> None:
    body = home.get("/api/alerts").json()
    assert [one["id"] for one in body["open"]] == [alert]
    assert body["deliveries"][0]["state"] == "dead"
    assert home.get("/api/alerts/series").json()[0]["series"] == "revenue"
    assert home.post(f"/api/alerts/{alert}/acknowledge").json()["state"] == "acknowledged"
    assert home.post("/api/alerts/alert_x/acknowledge").status_code == 404
    name = body["deliveries"][0]["id"]
    assert home.post(f"/api/alerts/deliveries/{name}/resend").json()["state"] == "waiting"
    assert home.post("/api/alerts/deliveries/msg_x/resend").status_code == 404


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_whole_without_a_script(home: Any, alert: str, language: str) -> None:
    """The alert, the honest emptiness, the way to look again; nothing but its own language."""
    text = home.get(f"/dashboard/live?lang={language}").text
    assert ("Mar 10, 2024" if language == "en" else "2024年3月10日") in text
    assert "<noscript>" in text
    assert 'aria-live="off"' in text
    assert ("Revenue in the last 24 hours: €120.00" if language == "en" else "最近 24 小时的销售额") in text
    assert alert


def test_the_parts_that_change_are_served_alone(home: Any) -> None:
    text = home.get("/dashboard/live/now").text
    for part in ("alerts", "tiles", "plot", "table", "items", "searches", "latest"):
        assert text.count(f'data-live="{part}"') == 1
    assert "<html" not in text


def test_the_buttons_lead_back_to_the_page(home: Any, alert: str) -> None:
    answer = home.post(f"/dashboard/live/alerts/{alert}/acknowledge", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/live")
    name = home.get("/api/alerts").json()["deliveries"][0]["id"]
    answer = home.post(f"/dashboard/live/deliveries/{name}/resend", follow_redirects=False)
    assert answer.status_code == 303


@pytest.mark.parametrize("path", ["/api/live", "/api/live/stream", "/api/alerts", "/dashboard/live"])
def test_only_a_secret_key_sees_it(away: Any, keys: dict[tuple[int, str], str], path: str) -> None:
    assert away.get(path, follow_redirects=False).status_code in (303, 401)
    for role in ("write", "public"):
        header = {"authorization": f"Bearer {keys[0, role]}"}
        assert away.get(path, headers=header, follow_redirects=False).status_code == 403


def test_one_stream_too_many_is_refused() -> None:
    feed = Feed(None)  # type: ignore[arg-type] - nobody looks at the shop here
    for _ in range(STREAMS):
        feed.check()
        feed._watchers.add(object())  # type: ignore[arg-type]
    with pytest.raises(BusyError):
        feed.check()


def test_bars_stand_on_each_other_and_the_fullest_minute_is_the_highest() -> None:
    kinds = [LiveKind(kind="view", counts=[3, 0]), LiveKind(kind="cart", counts=[1, 2])]
    drawn = picture(SimpleNamespace(minutes=2, per_minute=kinds), words_of("en"))  # type: ignore[arg-type]
    assert drawn.most == 4
    assert [(bar.x, bar.y, bar.height, bar.tone) for bar in drawn.bars] == [
        (1.0, 30.0, 90.0, 0), (1.0, 0.0, 30.0, 1), (301.0, 60.0, 60.0, 1),
    ]  # fmt: skip
    assert drawn.rows == [("Viewed", [3, 0]), ("Put in the cart", [1, 2])]


@pytest.fixture(scope="module")
def served(make_shop: Any) -> Iterator[tuple[subprocess.Popen[bytes], int, str]]:
    """Serve a shop in a process of its own; yield it with its port and a key that may send events."""
    directory = make_shop("Stream")
    with Shop.open(directory) as shop:
        key = shop.keyring.create("write").secret
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "regulars", "serve", str(directory), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                break
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    else:
        pytest.fail("the server did not get ready")
    yield server, port, key
    server.kill()
    server.wait(20)


def _block(stream: http.client.HTTPResponse) -> dict[str, str]:
    """Return the fields of the next event."""
    fields: dict[str, str] = {}
    while line := stream.readline().decode().rstrip("\n"):
        name, _, value = line.partition(": ")
        fields[name] = value
    return fields


def test_an_event_is_on_the_stream_soon_and_the_stream_ends_with_the_server(
    served: tuple[subprocess.Popen[bytes], int, str],
) -> None:
    server, port, key = served
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/api/live/stream")
    assert connection.getresponse().read().count(b"event: live") == 1, "who did not ask for a stream gets one event"
    connection.request("GET", "/api/live/stream", headers={"accept": "text/event-stream"})
    stream = connection.getresponse()
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert _block(stream) == {"retry": "3000"}
    first = _block(stream)
    assert first["event"] == "live"
    assert json.loads(first["data"])["events"] == 0
    sender = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    event = {"type": "track", "event": "Products Searched", "userId": "ann", "properties": {"query": "tea"}}
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    sender.request("POST", "/v1/track", json.dumps(event), headers)
    assert sender.getresponse().status == 200
    acknowledged = time.monotonic()
    while True:
        block = _block(stream)
        if block.get("event") == "live" and json.loads(block["data"])["events"] == 1:
            break
    assert time.monotonic() - acknowledged < 10
    assert block["id"] != first["id"]
    assert [one["kind"] for one in json.loads(block["data"])["latest"]] == ["search"]
    sender.close()
    server.send_signal(signal.SIGTERM)
    _ = stream.read()  # to its end
    assert server.wait(9) == 0, "an open stream held the server up"
    connection.close()
