"""Run the application on Granian until told to stop."""

from __future__ import annotations

import http.client
import ipaddress
import multiprocessing
import os
import socket
import tempfile
import threading
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.core.errors import SettingsError, UsageError
from regulars.core.settings import load_settings
from regulars.shop.tending import tend_in_background

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, never bound to


def serve(
    directories: Sequence[Path | str],
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    *,
    trust_network: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve shops and return when the server was told to stop (SIGINT or SIGTERM).

    Requests under way are finished first. Every worker is a process of its own with its own open shops, and one more
    process takes what they collected into the tables.

    Parameters
    ----------
    directories
        The shops' directories; several are reached by key alone.
    host, port, workers
        Where to listen and with how many processes; by default what `regulars.toml` says.
    trust_network
        Allow an address that other machines can reach, although nobody has to sign in.
    on_ready
        Called once, with the address, when the first request can be answered.

    Raises
    ------
    SettingsError
        The address can be reached from other machines and `trust_network` was not given.
    UsageError
        The port is taken.
    """
    folders = [Path(directory) for directory in directories]
    settings = load_settings(folders[0]).serve
    for folder in folders[1:]:
        _ = load_settings(folder)
    host, port = host or settings.host, port or settings.port
    workers = workers or settings.workers
    check_address(host, trust_network=trust_network or settings.access == "keys" or len(folders) > 1)
    _check_free(host, port)
    if on_ready is not None:
        threading.Thread(target=_announce, args=(host, port, on_ready), daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="regulars-metrics-") as folder:
        if workers > 1:
            # Read by prometheus_client when a worker imports it: counters are summed over the processes.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        try:
            with _tended(folders):
                _run(folders, host, port, workers)
        finally:
            os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)


def check_address(host: str, *, trust_network: bool) -> None:
    """Refuse an address that other machines can reach, unless the network is trusted."""
    if not trust_network and not _is_loopback(host):
        raise SettingsError(
            f"'{host}' can be reached from other machines, and the back office is open without a key",
            where="serve.host",
            fix='Set serve.access = "keys" in regulars.toml, or pass --trust-network.',
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            raise UsageError(
                f"cannot listen there: {error.strerror or error}",
                where=f"{host}:{port}",
                fix="Choose another port with --port.",
            ) from None


@contextmanager
def _tended(directories: Sequence[Path]) -> Generator[None]:
    """Keep the tables current in a process of its own, started again should it die."""
    context = multiprocessing.get_context("spawn")
    stop = threading.Event()

    def start() -> Any:
        names = [str(directory.absolute()) for directory in directories]
        process = context.Process(target=tend_in_background, args=(names,), daemon=True, name="regulars-compactor")
        process.start()
        return process

    running = [start()]

    def watch() -> None:
        while not stop.wait(1.0):
            if not running[0].is_alive():
                running[0] = start()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
        running[0].terminate()
        running[0].join(10)


def _run(directories: Sequence[Path], host: str, port: int, workers: int) -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    server: Any = Server(
        "regulars",
        address="127.0.0.1" if host == "localhost" else host.strip("[]"),
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        websockets=False,
        log_level=LogLevels.warning,
        workers_kill_timeout=10,
        respawn_failed_workers=True,
    )
    extra_hosts = () if host in WILDCARDS else (f"[{host}]" if ":" in host else host,)
    loader = partial(_load, tuple(map(str, directories)), extra_hosts)
    # A forked child would inherit locks held by threads of query engines that ran here before.
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("spawn", force=True)
    try:
        server.serve(target_loader=loader, wrap_loader=False)
    finally:
        multiprocessing.set_start_method(before, force=True)


def _load(directories: tuple[str, ...], extra_hosts: tuple[str, ...]) -> Any:
    from regulars.web.app import create_app

    return create_app(*directories, extra_hosts=extra_hosts)


def _announce(host: str, port: int, on_ready: Callable[[str], None]) -> None:
    name = "127.0.0.1" if host in WILDCARDS else host.strip("[]")
    while not _is_ready(name, port):
        time.sleep(0.1)
    on_ready(f"http://{f'[{name}]' if ':' in name else name}:{port}")


def _is_ready(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    # A refused host name is an answer too: the server is up.
    return status < 500
