"""From one message to events of items: orders and carts become one event for each product line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from regulars.events.vocabulary import ABOUT_ITEM
from regulars.events.wire.limits import MAX_LINES
from regulars.events.wire.records import UnusableError
from regulars.events.wire.scalars import currency, ident, negative, number

if TYPE_CHECKING:
    from regulars.events.wire.reading import Reading
    from regulars.events.wire.records import WireEvent

ORDERS = frozenset({"purchase", "refund", "cancel", "checkout", "cart_view"})
"""Kinds that are about all the products they name: an event for each."""

SHOWN = frozenset(
    {"list", "filter", "impression", "payment", "checkout_step", "promotion_view", "promotion_click", "search"}
)
"""Kinds of one event, which keep the ids of the products they name, in order."""

BARE_ORDER = "order_total"
"""What becomes of a purchase that names no item."""

_ABOUT = ABOUT_ITEM | {"unwish", "share"}
_NEVER_BARE = ABOUT_ITEM - {"purchase"}
_ITEM = ("product_id", "sku", "item_id", "productId", "itemId")
_ITEM_OF_LINE = ("product_id", "sku", "item_id", "id", "productId", "itemId")
_WORTH = ("value", "revenue", "subtotal", "total")
_NO_ITEM = "is missing, and this kind of event is about an item"


def add_events(event: WireEvent, reading: Reading) -> None:
    """Add the event, or those of its product lines, to `reading`.

    Raises
    ------
    UnusableError
        The event means nothing without an item, and names none.
    """
    properties = event.properties
    kind = event.kind
    key = "products" if "products" in properties else "items"
    listed = properties.get(key)
    lines = _lines(listed) if listed is not None else None
    if lines is not None:
        if kind in SHOWN:
            del properties[key]
            if shown := [item for line in lines if (item := _item_of(line)[1]) is not None]:
                properties["products"] = shown
        elif kind in ORDERS or (kind in _ABOUT and _first(properties, _ITEM_OF_LINE)[1] is None):
            del properties[key]
            if _add_lines(event, key, lines, reading) or kind in _NEVER_BARE:
                return
    _add_single(event, reading)


def _lines(listed: Any) -> list[Any] | None:
    """Return product lines; one line may come without the list around it."""
    if type(listed) is list:
        return cast("list[Any]", listed) or None
    return [listed] if type(listed) is dict and listed else None


def _add_lines(event: WireEvent, key: str, lines: list[Any], reading: Reading) -> int:
    """Add an event for each line with an item, a reject for each other; return how many became events."""
    shared = event.properties
    added = 0
    if len(lines) > MAX_LINES:
        reading.reject(f"{key}[{MAX_LINES}]", f"is one of {len(lines)} lines, {MAX_LINES} at most are taken")
    for place, line in enumerate(lines[:MAX_LINES]):
        name, item = _item_of(line)
        facts: dict[str, Any] = line if type(line) is dict else {}
        if item is None:
            reading.reject(f"{key}[{place}].product_id", "is missing", line)
        elif event.kind == "purchase" and negative(facts.get("quantity")):
            reading.reject(f"{key}[{place}].quantity", "is negative", facts["quantity"])
        else:
            quantity = _or(number(facts.get("quantity")), 1.0)
            # GA4's `price` is what is left after its `discount`; elsewhere the discount of a line is still to come.
            worth = _worth(facts, quantity, discounted=key == "items")
            code = currency(facts.get("currency")) or event.currency
            reading.events.append(
                msgspec.structs.replace(
                    event,
                    id=f"{event.id}/{place}" if len(lines) > 1 else event.id,
                    item=item,
                    quantity=quantity,
                    value=worth,
                    currency=code or (reading.currency if worth is not None else None),
                    properties=_merged(shared, facts, name),
                )
            )
            added += 1
    return added


def _merged(shared: dict[str, Any], facts: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the facts of the order and of the line; where both say something, the line's is `product_<name>`."""
    found = dict(shared)
    for key, value in facts.items():
        if key in {name, "quantity", "currency"} or value is None or value in ("", [], {}):
            continue
        found[f"product_{key}" if key in shared else key] = value
    return found


def _add_single(event: WireEvent, reading: Reading) -> None:
    properties = event.properties
    about = event.kind in _ABOUT or event.kind in ORDERS
    name, item = _first(properties, _ITEM_OF_LINE if about else _ITEM)
    if item is not None:
        event.item = item
        del properties[name]
    elif event.kind == "purchase":
        event.kind = BARE_ORDER
    elif event.kind in ABOUT_ITEM:
        raise UnusableError("properties.product_id", _NO_ITEM, _shown(properties))
    _set_quantity(event, properties)
    _set_value(event, properties, about=about)
    if event.value is not None and event.currency is None:
        event.currency = reading.currency
    reading.events.append(event)


def _set_quantity(event: WireEvent, properties: dict[str, Any]) -> None:
    said = properties.get("quantity")
    if said is not None:
        event.quantity = number(said)
        if event.quantity is not None:
            del properties["quantity"]
        elif event.kind == "purchase" and negative(said):
            raise UnusableError("properties.quantity", "is negative", said)
    if event.kind == "purchase":
        event.quantity = _or(event.quantity, 1.0)


def _set_value(event: WireEvent, properties: dict[str, Any], *, about: bool) -> None:
    said = properties.get("value")
    if said is not None and (found := number(said)) is not None:
        event.value = found
        if event.kind != BARE_ORDER:
            del properties["value"]
        return
    if event.item is not None:
        event.value = _worth(properties, _or(event.quantity, 1.0))
    if event.value is None and (event.kind == BARE_ORDER or (about and event.kind in ORDERS)):
        worths = (number(properties.get(name)) for name in _WORTH)
        event.value = next((worth for worth in worths if worth is not None), None)


def _worth(facts: dict[str, Any], quantity: float, *, discounted: bool = False) -> float | None:
    """Return price × quantity − discount, or what the client says the line is worth."""
    price = number(facts.get("price"))
    if price is None:
        return number(facts.get("value"))
    whole = price * quantity
    if not discounted and "discount" in facts:
        whole -= number(facts["discount"]) or 0.0
    # 3 × 0.1 is 0.3: nobody's money has more than six decimals.
    return max(0.0, round(whole, 6)) if whole < 1e300 else None


def _item_of(line: Any) -> tuple[str, str | None]:
    if type(line) is dict:
        return _first(cast("dict[str, Any]", line), _ITEM_OF_LINE)
    # A list of ids instead of objects.
    return "", ident(line)


def _first(facts: dict[str, Any], names: tuple[str, ...]) -> tuple[str, str | None]:
    for name in names:
        if name in facts and (found := ident(facts[name])) is not None:
            return name, found
    return "", None


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _shown(properties: dict[str, Any]) -> Any:
    for name in _ITEM_OF_LINE:
        if name in properties:
            return properties[name]
    return None
