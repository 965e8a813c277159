"""A fixed stretch of a shop's life as clients send it, with all that makes compaction hard; and what a shop knows.

Visitors become customers, devices change hands, customers turn out to be one, consents are refused and given, events
come late, twice, out of order, and without an id.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from regulars.core.rights import PURPOSES

if TYPE_CHECKING:
    from regulars.shop import Shop

HOUR = 3_600_000_000


def start_of(now: datetime) -> datetime:
    """Return the instant a story is told from, two days before `now`."""
    return (now - timedelta(days=2)).replace(minute=0, second=0, microsecond=0)


def story(count: int, start: datetime, seed: int = 11, people: int = 0) -> list[dict[str, Any]]:
    """Return `count` messages in the order they arrive.

    Parameters
    ----------
    start
        When it begins; it lasts for about `count` times two seconds.
    people
        How many customers there are; as many devices and a half.
    """
    source = random.Random(seed)
    people = people or max(5, count // 40)
    told: list[dict[str, Any]] = []
    for number in range(count):
        if told and source.random() < 0.04:
            # A client that heard no answer sends the same again, soon or later.
            told.append(told[-source.randint(1, min(len(told), 300))])
            continue
        told.append(_message(source, number, start + timedelta(seconds=2 * number), people))
    return told


def _message(source: random.Random, number: int, at: datetime, people: int) -> dict[str, Any]:
    late = source.random()
    at -= timedelta(days=source.uniform(1, 5)) if late < 0.02 else timedelta(minutes=source.expovariate(2))
    person = int(people * source.random() ** 2)
    message: dict[str, Any] = {"messageId": f"m{number:07d}", "timestamp": at.isoformat()}
    if source.random() < 0.01:
        del message["messageId"]
    device = f"d{person + (source.random() < 0.1) * source.randint(1, 3)}"
    if source.random() < 0.7:
        message["anonymousId"] = device
    if source.random() < 0.3 or "anonymousId" not in message:
        message["userId"] = f"u{person}"
    _add_context(source, message)
    return message | _content(source, message, person, people)


def _add_context(source: random.Random, message: dict[str, Any]) -> None:
    context: dict[str, Any] = {}
    if source.random() < 0.05:
        context["sessionId"] = f"s{source.randint(1, 40)}"
    if source.random() < 0.03:
        purposes = {name: source.random() < 0.6 for name in source.sample(["analytics", "marketing"], 1)}
        context["consent"] = {"categoryPreferences": purposes}
    if context:
        message["context"] = context


def _content(source: random.Random, message: dict[str, Any], person: int, people: int) -> dict[str, Any]:
    kind = source.random()
    if kind < 0.06 and "userId" in message:
        traits = {"email": f"u{person}@shop.example", "plan": source.choice(["gold", "silver"]), "visits": kind}
        return {"type": "identify", "traits": traits}
    if kind < 0.08 and "userId" in message:
        return {"type": "alias", "previousId": f"u{source.randrange(people)}"}
    if kind < 0.13:
        lines = [
            {"product_id": f"p{source.randint(1, 90)}", "price": source.randint(1, 40), "quantity": 1}
            for _ in range(source.randint(1, 4))
        ]
        products: Any = "broken" if kind >= 0.12 else lines
        return {"type": "track", "event": "Order Completed", "properties": {"products": products, "currency": "EUR"}}
    if kind < 0.3:
        return {"type": "page", "name": "Tea", "properties": {"url": "https://shop.example/tea"}}
    if kind < 0.35:
        properties = {"query": "tea", "phone": f"+49301234{person:04d}"}
        return {"type": "track", "event": "Products Searched", "properties": properties}
    return {"type": "track", "event": "Product Viewed", "properties": {"product_id": f"p{source.randint(1, 90)}"}}


def known(shop: Shop) -> dict[str, Any]:
    """Return what a shop knows, in a form that two shops with one master key can be compared by.

    Sealed values are opened: each time they are sealed they look different.
    """
    events = shop.store.run(shop.store.table("events").order_by("id")).to_pylist()
    for row in events:
        row["properties"] = _opened(shop, row["subject"], row["properties"])
    customers = shop.store.run(shop.store.table("customers").order_by("subject")).to_pylist()
    for row in customers:
        row["attributes"] = _opened(shop, row["subject"], row["attributes"])
    subjects = {row["subject"] for row in events} | {row["subject"] for row in customers}
    answering = set[str]()
    for purpose in PURPOSES:
        answering |= shop.vault.consents.given(purpose) | shop.vault.consents.refused(purpose)
    return {
        "events": events,
        "customers": customers,
        "consents": {subject: shop.vault.consents.current(subject) for subject in sorted(answering)},
        "answers": {subject: shop.vault.consents.history(subject) for subject in sorted(answering)},
        "names": shop.vault.keys.names(sorted(subjects)),
    }


def _opened(shop: Shop, subject: str, text: str | None) -> Any:
    return shop.names.opened(subject, msgspec.json.decode(text)) if text else text


def count_of(story: dict[str, Any]) -> dict[str, int]:
    """Return how much of each there is."""
    return {name: len(rows) for name, rows in story.items()}


def received(start: datetime) -> int:
    """Return when the first message of a story that begins at `start` is received: microseconds since 1970."""
    return int((start + timedelta(hours=1)).astimezone(UTC).timestamp() * 1_000_000)
