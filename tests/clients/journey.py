"""What every client is asked to send, and what the tables must hold afterwards."""

from __future__ import annotations

from collections import Counter
from typing import Any

VIEWS = 25
PRODUCTS = [
    {"product_id": "i01", "sku": "S-1", "name": "Green tea", "price": 4.5, "quantity": 2},
    {"product_id": "i02", "sku": "S-2", "name": "龙井茶", "price": 12.0, "quantity": 1, "coupon": "MAY"},
    {"product_id": "i03", "sku": "S-3", "name": "Teapot “blue” 🫖", "price": 30.25, "quantity": 1},
]
ORDER = {"order_id": "o-1", "currency": "EUR", "total": 51.25, "revenue": 51.25, "products": PRODUCTS}
KINDS = {"page": 1, "view": VIEWS, "identify": 1, "purchase": len(PRODUCTS), "cart": 1}
EVENTS = sum(KINDS.values())


def journey(name: str) -> dict[str, Any]:
    """Return a visit: a page and 25 products seen without a name, then signing in, an order, one more for the cart.

    Parameters
    ----------
    name
        Tells the visitors of different clients apart.
    """
    shared = {"currency": "EUR", "category": "Tea > Green"}
    views = [shared | {"product_id": f"i{n:02d}", "price": n + 0.5, "note": note(n)} for n in range(VIEWS)]
    return {
        "anonymous": f"a-{name}",
        "user": f"u-{name}",
        "page": {"name": "Home", "properties": {"url": "https://shop.example/", "path": "/", "title": "Tea"}},
        "views": views,
        "traits": {"name": "安娜 Ann", "plan": "gold"},
        "order": ORDER,
        "cart": {"product_id": "i05", "price": 3.0, "quantity": 2, "currency": "EUR"},
    }


def note(number: int) -> str:
    """Return a text that every layer has to quote."""
    return f"第{number}\t\"'\\</script>"


def check_whole(rows: list[dict[str, Any]], extra: tuple[str, ...] = ()) -> None:
    """Fail unless `rows`, with `properties` decoded, are the journey and `extra` kinds: whole, and once."""
    assert Counter(row["kind"] for row in rows) == Counter(KINDS) + Counter(extra)
    assert len({row["id"] for row in rows}) == len(rows)
    views = sorted((row for row in rows if row["kind"] == "view"), key=lambda row: row["item"])
    for n, row in enumerate(views):
        assert (row["item"], row["value"], row["currency"]) == (f"i{n:02d}", n + 0.5, "EUR")
        assert row["properties"]["note"] == note(n)
    lines = sorted((row for row in rows if row["kind"] == "purchase"), key=lambda row: row["item"])
    found = [(row["item"], row["quantity"], row["value"], row["currency"]) for row in lines]
    assert found == [("i01", 2.0, 9.0, "EUR"), ("i02", 1.0, 12.0, "EUR"), ("i03", 1.0, 30.25, "EUR")]
    assert all(row["properties"]["order_id"] == "o-1" for row in lines)
    assert lines[1]["properties"]["coupon"] == "MAY"
    (cart,) = (row for row in rows if row["kind"] == "cart")
    assert (cart["item"], cart["quantity"], cart["value"]) == ("i05", 2.0, 6.0)
