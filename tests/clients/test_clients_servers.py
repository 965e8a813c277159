"""Unmodified clients for servers, in Python and Node, send a visit: all of it arrives, once, as one customer's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .journey import EVENTS, check_whole, journey
from .proxy import CuttingProxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from .serving import Running

SENDERS = Path(__file__).parent / "senders"
PACKAGES = {
    "segment_python.py": "segment",
    "rudder_python.py": "rudderstack",
    "posthog_python.py": "posthog",
    "segment_node.mjs": "@segment/analytics-node",
    "rudder_node.mjs": "@rudderstack/rudder-sdk-node",
    "posthog_node.mjs": "posthog-node",
}
EXTRA = {"posthog_python.py": ("alias",), "posthog_node.mjs": ("alias",)}
SENT = [pytest.param(sender, lossy, id=f"{sender}{'-again' * lossy}") for lossy in (False, True) for sender in PACKAGES]


@pytest.fixture(scope="module")
def key(running: Running) -> str:
    """Return a key that may write."""
    return running.key("write")


@pytest.fixture(scope="module")
def send(client_python: Callable[[str], Path], node_module: Callable[[str], Path]) -> Callable[..., None]:
    """Return a function that runs a sender: its name, address, key, name of the visit."""

    def run(sender: str, address: str, key: str, name: str) -> None:
        package = PACKAGES[sender]
        program = "node" if sender.endswith(".mjs") and node_module(package) else str(client_python(package))
        command = [program, str(SENDERS / sender), address, key]
        visit = json.dumps(journey(name))
        ran = subprocess.run(command, input=visit, text=True, capture_output=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    return run


@pytest.fixture(scope="module")
def act(running: Running, key: str, send: Callable[..., None]) -> Callable[[str, bool], Callable[[], None]]:
    """Return a function that makes what sends a visit, over a good wire or one that loses the first answer."""

    def make(sender: str, lossy: bool) -> Callable[[], None]:
        def straight() -> None:
            send(sender, running.address, key, sender)

        def broken() -> None:
            proxy = CuttingProxy(running.port)
            try:
                send(sender, proxy.address, key, f"{sender}-again")
            finally:
                proxy.close()
            assert proxy.cut == 1

        return broken if lossy else straight

    return make


@pytest.fixture(scope="module")
def visit(running: Running, act: Callable[..., Callable[[], None]]) -> Callable[[str, bool], list[dict[str, Any]]]:
    """Return a function that returns the events of a sender's visit, which is made once."""

    def rows(sender: str, lossy: bool) -> list[dict[str, Any]]:
        count = EVENTS + len(EXTRA.get(sender, ()))
        return running.visit(f"{sender} {lossy}", act(sender, lossy), count)

    return rows


@pytest.mark.parametrize(("sender", "lossy"), SENT)
def test_everything_arrives_whole_and_once(
    visit: Callable[..., list[dict[str, Any]]], sender: str, lossy: bool
) -> None:
    """Names, items, worth, properties: as they were sent; also when the client repeats what the server has."""
    check_whole(visit(sender, lossy), EXTRA.get(sender, ()))


@pytest.mark.parametrize(("sender", "lossy"), SENT)
def test_the_visitor_becomes_the_customer(
    running: Running, visit: Callable[..., Any], sender: str, lossy: bool
) -> None:
    """What happened before signing in is the customer's as well."""
    count = len(visit(sender, lossy))
    assert list(running.customers(f"{sender} {lossy}").values()) == [count]


def test_nobody_writes_without_a_key(running: Running, send: Callable[..., None]) -> None:
    """A client with a key that is none fails and says so; and nothing that came before comes twice."""
    with pytest.raises(AssertionError):
        send("segment_python.py", running.address, "rg_wnone", "stranger")
    assert running.late() == []
