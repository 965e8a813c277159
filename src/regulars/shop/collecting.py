"""The door of the collector: what comes in is checked, counted against its key, and handed to the durable log."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from regulars.core.errors import BusyError, RegularsError
from regulars.events import wire
from regulars.privacy.addresses import truncate
from regulars.privacy.consent import allowed
from regulars.store.log import Arrival, LogWriter
from regulars.store.log.kafka import place_of
from regulars.store.log.kafka_writer import KafkaWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from regulars.core.errors import DiskError
    from regulars.core.rights import KeyInfo
    from regulars.core.settings import CollectSettings, Settings
    from regulars.store.vault import Vault

LOOK_SECONDS = 0.25
_ANSWER = re.compile(rb'"consent"\s*:|categoryPreferences|onsent Preference')
"""Where a body may say something about consent: the compactor, which takes answers and events in order, judges it."""
MEGABYTE = 1 << 20


class Collector:
    """Takes in what clients send to one shop; one for each process.

    Parameters
    ----------
    directory, settings, vault
        The shop's.
    settle
        Called in another thread with tokens of `accept`, once they are durable or the disk refused them.
    """

    def __init__(
        self,
        directory: Path,
        settings: Settings,
        vault: Vault,
        settle: Callable[[list[Any], DiskError | None], None],
    ) -> None:
        self._writer = _writer(directory, settings.collect, settle)
        self._rates = Rates()
        self._refusals = Refusals(settings, vault)

    def accept(self, route: str, body: bytes, key: KeyInfo, *, signal: bool, address: str, token: Any) -> bool:
        """Take in one body; True: `settle` will be called with `token`; False: nothing of it may be kept.

        Raises
        ------
        WireError
            The body cannot be used.
        BusyError
            The key has sent too much, or the disk is behind.
        """
        checked = wire.check(route, body)
        self._rates.take(key, checked.count)
        page = key.role == "public"
        kept = self._refusals.without(route, body, signal=signal)
        if kept is None or not checked.count:
            return False
        arrival = Arrival(
            route=route,
            received=time.time_ns() // 1000,
            key=key.id,
            page=page,
            signal=signal,
            network=truncate(address),
        )
        self._writer.append(arrival, kept, token)
        return True

    def close(self) -> None:
        """Make everything that was taken in durable."""
        self._writer.close()
        self._refusals.close()


def _writer(
    directory: Path, collect: CollectSettings, settle: Callable[[list[Any], DiskError | None], None]
) -> LogWriter | KafkaWriter:
    pending = collect.pending_mb * MEGABYTE
    place = place_of(directory, collect)
    if place is not None:
        return KafkaWriter(place, settle, pending_bytes=pending)
    log = directory / "log"
    log.mkdir(exist_ok=True)
    return LogWriter(
        log,
        settle,
        segment_bytes=collect.segment_mb * MEGABYTE,
        segment_seconds=collect.segment_seconds,
        pending_bytes=pending,
    )


class Rates:
    """Token buckets: what each key may still send now."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, key: KeyInfo, count: int) -> None:
        """Count `count` events against a key.

        Raises
        ------
        BusyError
            The key has none left; says how long until it has.
        """
        now = time.monotonic()
        left, at = self._left.get(key.id, (float(key.burst), now))
        left = min(float(key.burst), left + (now - at) * key.rate)
        if left < min(count, key.burst):
            self._left[key.id] = (left, now)
            raise BusyError(
                f"this key may send {key.rate:g} events a second",
                where="key",
                fix="Send more slowly, or give the key a higher rate.",
                retry_after=max(0.1, (min(count, key.burst) - left) / key.rate),
            )
        self._left[key.id] = (left - count, now)


class Refusals:
    """Who does not allow counting, so that their events are not even written down.

    The compactor enforces the same again, in order; what is said about consent itself always passes on to it.
    """

    def __init__(self, settings: Settings, vault: Vault) -> None:
        self._privacy = settings.privacy
        self._vault = vault
        self._version = -1
        self._refused: frozenset[str] = frozenset()
        self._given: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._look()
        self._thread = threading.Thread(target=self._follow, name="refusals", daemon=True)
        self._thread.start()

    def without(self, route: str, body: bytes, *, signal: bool) -> bytes | None:
        """Return the body without the messages of those who refuse; None when nothing is left."""
        signal = signal and self._privacy.honour_signals
        if not (self._refused or signal or self._privacy.analytics == "if-agreed") or _ANSWER.search(body):
            return body
        people = wire.people(route, body)
        drop = [number for number, who in enumerate(people) if not self._allows(*who, signal=signal)]
        if not drop:
            return body
        return wire.without(route, body, drop) if len(drop) < len(people) else None

    def _allows(self, user: str | None, anonymous: str | None, *, signal: bool) -> bool:
        pseudonyms = self._vault.pseudonyms
        names = [pseudonyms.subject(user)] if user else []
        names += [pseudonyms.anonymous(anonymous)] if anonymous else []
        if any(name in self._refused for name in names):
            return False
        status = True if any(name in self._given for name in names) else None
        return allowed(status, self._privacy.analytics, refused_by_signal=signal)

    def close(self) -> None:
        """Follow the register no longer."""
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        # In a thread: a register of a million answers takes longer to read than a request may wait.
        while not self._stop.wait(LOOK_SECONDS):
            with suppress(RegularsError):
                self._look()

    def _look(self) -> None:
        consents = self._vault.consents
        version = consents.version()
        if version != self._version:
            self._refused, self._given = consents.refused("analytics"), consents.given("analytics")
            self._version = version


__all__ = ["BusyError", "Collector", "Rates", "Refusals"]
