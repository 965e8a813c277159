"""Answers that are kept until the shop's state changes, and renewed beside the requests while events come in."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = 256
"""Answers held at once."""
PATIENCE = 20.0
"""An answer may lag behind the events by this many times what it took to compute: at most 5% of a core a question."""
LONGEST_LAG = 60.0
"""Seconds that an answer may lag at most, whatever it took."""
ASKED_WITHIN = 120.0
"""Answers that somebody asked for in the last so many seconds are renewed without being asked for."""
T = TypeVar("T")


@dataclass
class _Kept:
    state: str
    version: str
    value: Any
    make: Callable[[], Any]
    cost: float
    made: float
    asked: float


class Answers:
    """Values by key, each made once for a state; threads may share them.

    What depends on who allows what must never lag: that is in `state`. What only depends on which events are
    in (`version`) may lag by a few seconds, as `PATIENCE` says; what this process itself wrote is seen at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._making: dict[str, threading.RLock] = {}
        self._kept: dict[str, _Kept] = {}
        self._wrote = 0.0

    def keep(self, key: str, state: str, make: Callable[[], T], *, version: str = "") -> T:
        """Return what `make` gave for this state, and for this version or one a little earlier."""
        now = time.monotonic()
        kept = self._kept.get(key)
        if kept is None or not self._good(kept, state, version, now):
            # A lock for each key: an answer that takes its time must not keep the others waiting.
            with self._lock:
                making = self._making.setdefault(key, threading.RLock())
            with making:
                kept = self._kept.get(key)
                if kept is None or not self._good(kept, state, version, now):
                    try:
                        kept = self._make(key, state, version, make)
                    except Exception:
                        # What cannot be answered leaves nothing behind: there is no end to questions with mistakes.
                        with self._lock:
                            if key not in self._kept:
                                _ = self._making.pop(key, None)
                        raise
        kept.asked = now
        return cast("T", kept.value)

    def wrote(self) -> None:
        """Note that this process changed the tables: no answer made before may lag."""
        self._wrote = time.monotonic()

    def state_of(self, key: str) -> Any:
        """Return something that changes when the answer of this key is made anew."""
        kept = self._kept.get(key)
        return None if kept is None else kept.made

    def renew(
        self, version: str, stop: Callable[[], bool] = lambda: False, allowed: Callable[[], str] = lambda: ""
    ) -> None:
        """Make anew what was asked for a moment ago and belongs to another version, until `stop` says so.

        `allowed` names who may be counted now; the states of answers that can be renewed begin with it. What was made
        while that changed is dropped: nobody could say whom it counts.
        """
        now = time.monotonic()
        old = [
            (key, kept)
            for key, kept in list(self._kept.items())
            if kept.version and kept.version != version and now - kept.asked < ASKED_WITHIN
        ]
        for key, kept in old:
            before = allowed()
            if stop():
                return
            if not kept.state.startswith(before):
                continue
            asked = kept.asked
            fresh = self._make(key, kept.state, version, kept.make)
            fresh.asked = asked
            if allowed() != before:
                with self._lock:
                    _ = self._kept.pop(key, None)

    def _good(self, kept: _Kept, state: str, version: str, now: float) -> bool:
        if kept.state != state:
            return False
        lag = min(PATIENCE * kept.cost, LONGEST_LAG)
        return kept.version == version or (kept.made > self._wrote and now - kept.made < lag)

    def _make(self, key: str, state: str, version: str, make: Callable[[], Any]) -> _Kept:
        started = time.monotonic()
        value = make()
        now = time.monotonic()
        kept = _Kept(state, version, value, make, now - started, started, now)
        with self._lock:
            if key not in self._kept and len(self._kept) >= KEPT:
                oldest = min(self._kept, key=lambda name: self._kept[name].asked)
                del self._kept[oldest]
                _ = self._making.pop(oldest, None)
            self._kept[key] = kept
        return kept
