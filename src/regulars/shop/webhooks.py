"""Messages to an address of the shop's choice, signed as Standard Webhooks says.

`webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`. Only 2xx
is an answer: a redirect is none, as it would carry the message where nobody chose to send it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import ipaddress
import os
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from regulars.core.errors import RegularsError, SettingsError

if TYPE_CHECKING:
    from datetime import datetime
    from urllib.parse import SplitResult

    from regulars.core.settings import AlertSettings

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 15.0
"""After this time a try is over, however slowly the other side goes on answering."""
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 6 * 3600.0
LEAST_SECRET_BYTES = 24
GONE = 410


class DeliveryError(RegularsError):
    """A message was not taken; `final`: it never will be."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


def check_address(url: str, *, insecure: bool) -> SplitResult:
    """Return the parts of an address that messages may be sent to.

    Raises
    ------
    SettingsError
        It is not https, nor http on this machine, or it holds a password.
    """
    where = "alerts.webhook_url"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise SettingsError("is not an address", where=where) from None
    if parts.scheme not in ("http", "https") or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise SettingsError("is not an address of the web", where=where, fix="Such as https://hooks.shop.example/in.")
    if parts.username is not None or parts.password is not None:
        raise SettingsError("an address must not hold a name or password", where=where, fix="Use the signature.")
    if parts.scheme == "http" and not insecure and not _is_loopback(host):
        raise SettingsError(
            "messages to other machines go over https",
            where=where,
            fix="Set alerts.webhook_insecure = true if the network between is yours.",
        )
    return parts


def read_secret(place: str, directory: Path) -> bytes:
    """Return the secret kept at `env:NAME` or `file:PATH` (from the shop's directory).

    `whsec_` and base64, as Standard Webhooks writes it, or any other text as it is; b"" where no place is named.

    Raises
    ------
    SettingsError
        There is none, or it is too short to protect anything.
    """
    where = "alerts.webhook_secret"
    kind, _, name = place.partition(":")
    if not place:
        return b""
    if kind == "env":
        text = os.environ.get(name, "")
    elif kind == "file":
        try:
            text = (directory / name).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise SettingsError("the file with the secret cannot be read", where=where) from None
    else:
        raise SettingsError("says where the secret is, not what", where=where, fix="Write env:NAME or file:PATH.")
    secret = text.strip().encode()
    if text.strip().startswith("whsec_"):
        try:
            secret = base64.b64decode(text.strip().removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            raise SettingsError("the secret is not base64 after 'whsec_'", where=where) from None
    if len(secret) < LEAST_SECRET_BYTES:
        raise SettingsError(f"the secret has fewer than {LEAST_SECRET_BYTES} bytes", where=where)
    return secret


def signature(secret: bytes, message: str, timestamp: int, body: bytes) -> str:
    """Return what the header `webhook-signature` says."""
    digest = hmac.new(secret, f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode("ascii")


def wait_seconds(tries: int, source: Random) -> float:
    """Return how long to wait after the given number of failed tries: twice as long each time, half of it by chance.

    The chance keeps senders that failed together from coming back together.
    """
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(tries - 1, 30))
    return longest * (0.5 + 0.5 * source.random())


class Webhook:
    """One address, and the key that its messages are signed with.

    Parameters
    ----------
    settings
        The shop's.
    directory
        The shop.

    Raises
    ------
    SettingsError
        Address or secret cannot be used.
    """

    def __init__(self, settings: AlertSettings, directory: Path) -> None:
        self._parts = check_address(settings.webhook_url, insecure=settings.webhook_insecure)
        self._secret = read_secret(settings.webhook_secret, directory)

    def send(self, message: str, body: str, now: datetime) -> None:
        """Send one message.

        Raises
        ------
        DeliveryError
            It was not taken.
        """
        content, timestamp = body.encode(), int(now.timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": "regulars",
            "webhook-id": message,
            "webhook-timestamp": str(timestamp),
        }
        if self._secret:
            headers["webhook-signature"] = signature(self._secret, message, timestamp, content)
        try:
            status = self._post(content, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            # The words of the error, never the answer: what another machine says is not ours to keep.
            raise DeliveryError(f"no answer ({type(error).__name__})") from None
        if not 200 <= status < 300:
            raise DeliveryError(f"answered {status}", final=status == GONE)

    def _post(self, content: bytes, headers: dict[str, str]) -> int:
        parts = self._parts
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(host, parts.port, timeout=CONNECT_SECONDS, context=context)
        else:
            connection = http.client.HTTPConnection(host, parts.port, timeout=CONNECT_SECONDS)
        # Each read has a time limit of its own; a side that sends a byte now and then would never meet it.
        watch = threading.Timer(WHOLE_SECONDS, _hang_up, [connection])
        watch.daemon = True
        watch.start()
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, content, headers)
            return connection.getresponse().status
        finally:
            watch.cancel()
            connection.close()


def _hang_up(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
