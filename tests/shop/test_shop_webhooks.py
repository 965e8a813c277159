"""Messages against a real server of this machine: one that fails, hangs, redirects, drips; and what is signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from regulars.core.errors import SettingsError
from regulars.core.settings import AlertSettings
from regulars.shop import webhooks
from regulars.shop.webhooks import DeliveryError, Webhook, check_address, read_secret, signature, wait_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2025, 1, 31, 23, 0, tzinfo=UTC)
KEY = b"a secret of thirty-two bytes, ok"


class Receiver:
    """A server that notes what it gets and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status = receiver.answers.pop(0) if receiver.answers else 204
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in?shop=1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    (tmp_path / "hook.key").write_text("whsec_" + base64.b64encode(KEY).decode() + "\n")
    return tmp_path


def settings(url: str, **more: Any) -> AlertSettings:
    return msgspec.convert({"webhook_url": url, "webhook_secret": "file:hook.key", **more}, AlertSettings)


def test_a_message_is_signed_as_standard_webhooks_says(receiver: Receiver, secret: Path) -> None:
    """Worked out again here, from the bytes that arrived."""
    Webhook(settings(receiver.url), secret).send("msg_1", '{"type":"alert.opened"}', NOW)
    [(path, headers, body)] = receiver.got
    assert path == "/in?shop=1"
    assert json.loads(body) == {"type": "alert.opened"}
    assert headers["webhook-id"] == "msg_1"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    signed = f"msg_1.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks specification's libraries."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(("status", "final"), [(500, False), (404, False), (302, False), (429, False), (410, True)])
def test_anything_but_success_is_a_failure_and_a_redirect_is_not_followed(
    receiver: Receiver, secret: Path, status: int, final: bool
) -> None:
    receiver.answers = [status]
    with pytest.raises(DeliveryError, match=f"answered {status}") as caught:
        Webhook(settings(receiver.url), secret).send("msg_1", "{}", NOW)
    assert caught.value.final is final
    assert [path for path, _, _ in receiver.got] == ["/in?shop=1"]


def test_a_server_that_is_not_there_is_a_failure(secret: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DeliveryError, match="ConnectionRefusedError"):
        Webhook(settings(f"http://127.0.0.1:{port}/"), secret).send("msg_1", "{}", NOW)


@pytest.mark.parametrize("drips", [False, True])
def test_a_server_that_hangs_or_drips_is_left_in_time(
    secret: Path, monkeypatch: pytest.MonkeyPatch, drips: bool
) -> None:
    """It says nothing, or a byte now and then, for ever: both are over when the whole time is."""
    monkeypatch.setattr(webhooks, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(webhooks, "WHOLE_SECONDS", 0.6)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while not stop.wait(0.1):
                    if drips:
                        try:
                            connection.sendall(b"H")
                        except OSError:
                            return

        thread = threading.Thread(target=serve)
        thread.start()
        started = time.monotonic()
        with pytest.raises(DeliveryError, match="no answer"):
            Webhook(settings(f"http://127.0.0.1:{server.getsockname()[1]}/"), secret).send("msg_1", "{}", NOW)
        assert time.monotonic() - started < 2
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.shop.example/in", "ftp://shop.example/", "file:///etc/passwd", "https://", "not an address",
        "https://user:word@shop.example/", "http://127.0.0.1.shop.example/", "http://[::1", "https://shop.example:x/",
        "https://shop.example/\r\nx-more: 1", "http://10.0.0.1/",
    ],
)  # fmt: skip
def test_messages_go_over_https_or_to_this_machine(url: str) -> None:
    with pytest.raises(SettingsError):
        check_address(url, insecure=False)


@pytest.mark.parametrize("url", ["https://hooks.shop.example/in?a=1", "http://localhost:9/", "http://[::1]:9/x"])
def test_addresses_that_are_allowed(url: str) -> None:
    assert check_address(url, insecure=False).hostname


def test_http_to_others_takes_a_setting() -> None:
    assert check_address("http://hooks.intern.example/", insecure=True).scheme == "http"


def test_a_secret_is_kept_elsewhere_and_long_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "x" * 30)
    assert read_secret("env:HOOK", tmp_path) == b"x" * 30
    assert read_secret("", tmp_path) == b""
    for place in ("env:MISSING", "file:missing", "x" * 30, "env:"):
        with pytest.raises(SettingsError):
            read_secret(place, tmp_path)
    monkeypatch.setenv("HOOK", "whsec_?")
    with pytest.raises(SettingsError, match="base64"):
        read_secret("env:HOOK", tmp_path)


def test_waits_double_are_never_the_same_and_have_an_end() -> None:
    source = Random(1)
    for tries, longest in ((1, 5), (2, 10), (3, 20), (12, 10_240), (99, 21_600)):
        waits = {wait_seconds(tries, source) for _ in range(50)}
        assert len(waits) == 50
        assert longest / 2 <= min(waits) <= max(waits) <= longest
