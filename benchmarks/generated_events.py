"""A shop's events made up at any size: customers of very different habits, sessions, a year of days."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from regulars.core.schema import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

DAYS = 365
FIRST = date(2024, 1, 1)
KINDS = ("view", "cart", "purchase", "search", "message")
SHARES = (0.70, 0.12, 0.08, 0.06, 0.04)
"""Messages are the shop's doing: every question has to leave them out."""
CHANNELS = ("search", "email", "social", "direct", "ads")
ALPHABET = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", np.uint8)
ITEMS = 20_000
BATCH = 1_000_000


def subjects(n: int, generator: np.random.Generator) -> NDArray[Any]:
    """Return n names of twelve characters, as pseudonyms have."""
    letters = ALPHABET[generator.integers(0, len(ALPHABET), (n, 12))]
    return np.ascontiguousarray(letters).view("S12").ravel().astype(str)


def batches(events: int, customers: int, seed: int = 7) -> Iterator[pa.Table]:
    """Yield the events in tables of a million, in the order of time."""
    generator = np.random.default_rng(seed)
    names = subjects(customers, generator)
    # How often customers come is log-normal; when they first come is even over the year.
    rate = generator.lognormal(0.0, 1.2, customers)
    first = generator.integers(0, DAYS, customers)
    share = rate / rate.sum()
    who = np.sort(generator.choice(customers, events, p=share)).astype(np.int32)
    # A session begins on a day from the customer's first on; its events follow within minutes.
    new_session = generator.random(events) < 0.18
    new_session[0] = True
    new_session[1:] |= who[1:] != who[:-1]
    session = np.cumsum(new_session) - 1
    begins = np.flatnonzero(new_session)
    owner = who[begins]
    day = first[owner] + (generator.random(len(begins)) ** 1.5 * (DAYS - first[owner])).astype(np.int64)
    start = day * 86_400_000_000 + generator.integers(6 * 3600, 24 * 3600 - 1800, len(begins)) * 1_000_000
    step = generator.exponential(90.0, events) * 1e6
    step[begins] = 0.0
    total = np.cumsum(step)
    offset = np.minimum((total - total[begins][session]).astype(np.int64), 1_700_000_000)
    at = start[session] + offset
    order = np.argsort(at, kind="stable")
    kind = generator.choice(len(KINDS), events, p=SHARES).astype(np.int8)
    base = (FIRST - date(1970, 1, 1)).days
    for begin in range(0, events, BATCH):
        rows = order[begin : begin + BATCH]
        yield _table(rows, names[who[rows]], at[rows], kind[rows], base, begin, generator)


def _table(
    rows: NDArray[Any], names: NDArray[Any], at: NDArray[Any], kind: NDArray[Any], base: int, begin: int,
    generator: np.random.Generator,
) -> pa.Table:  # fmt: skip
    n = len(rows)
    item = generator.zipf(1.3, n) % ITEMS
    bought = kind == KINDS.index("purchase")
    columns: dict[str, Any] = {
        "id": pa.array([f"e{number:09d}" for number in range(begin, begin + n)]),
        "time": pa.array(at + base * 86_400_000_000, pa.int64())
        .cast(pa.timestamp("us"))
        .cast(pa.timestamp("us", "UTC")),
        "day": pa.array((at // 86_400_000_000 + base).astype(np.int32), pa.int32()).cast(pa.date32()),
        "subject": pa.array(names),
        "kind": pa.DictionaryArray.from_arrays(kind, list(KINDS)).cast(pa.string()),
        "item": pa.array(np.char.add("i", item.astype(str))),
        "value": pa.array(np.where(bought, np.round(generator.lognormal(3, 1, n), 2), np.nan), from_pandas=True),
        "quantity": pa.array(np.where(bought, 1.0, np.nan), from_pandas=True),
        "channel": pa.array(np.asarray(CHANNELS)[generator.integers(0, len(CHANNELS), n)]),
    }
    return pa.table(
        [
            columns[field.name].cast(field.type) if field.name in columns else pa.nulls(n, field.type)
            for field in EVENTS
        ],
        schema=EVENTS,
    )
