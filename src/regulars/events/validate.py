"""From rows as they stand in a file to rows of our tables: every check, each bad row with its first problem.

All checks work on whole columns; only columns with something wrong in them are looked at value by value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.schema import CATEGORY_SEPARATOR, TABLES
from regulars.events.batch import Batch
from regulars.events.checks import Checks
from regulars.events.days import local_days
from regulars.events.json_texts import as_json
from regulars.events.numbers import as_number
from regulars.events.texts import absent, as_text, check_id, check_text, truth
from regulars.events.times import as_time
from regulars.events.vocabulary import ABOUT_ITEM, resolve_kind

if TYPE_CHECKING:
    from regulars.events.batch import Raw
    from regulars.events.event_ids import EventIds
    from regulars.events.plan import Plan
    from regulars.events.rules import Rules

_TEXTS = ("session", "device", "country", "region", "city", "channel", "source", "campaign", "referrer")
_CURRENCY = "^[A-Z]{3}$"


def validate(raw: Raw, plan: Plan, rules: Rules, ids: EventIds) -> Batch:
    """Return the good rows in the schema of their table and a reject for each other one.

    Parameters
    ----------
    raw
        The rows as they stand in the file.
    plan
        Where each column comes from.
    rules
        What a row must keep to.
    ids
        Names the events of the import that come without an id.
    """
    checks = Checks(raw, plan)
    build = {"events": _events, "items": _items, "customers": _customers}[plan.table]
    columns = build(checks, plan, rules)
    good = checks.good()
    if not good.all():
        kept = pa.array(good)
        columns = {name: column.filter(kept) for name, column in columns.items()}
    if plan.table == "events":
        _complete(columns, rules, ids)
    rows = _table(columns, int(good.sum()), TABLES[plan.table])
    rejects = sorted([*raw.rejects, *checks.rejects()], key=lambda reject: reject.line)
    return Batch(rows, rejects, rows.num_rows + len(rejects))


def _complete(columns: dict[str, pa.Array], rules: Rules, ids: EventIds) -> None:
    """Add what follows from the other columns: ids, days, the currency of values without one."""
    given = columns.pop("id")
    missing = given.is_null()
    if given.null_count == len(given):
        given = ids.of(columns)
    elif given.null_count:
        made = ids.of({name: column.filter(missing) for name, column in columns.items()})
        given = pc.replace_with_mask(given, missing, made)
    columns["id"] = given
    columns["day"] = local_days(columns["time"], rules.shop_zone)
    # After the ids: they stay the same when the shop's default currency changes.
    columns["currency"] = _filled_currency(columns["currency"], columns["value"], rules)


def _events(checks: Checks, plan: Plan, rules: Rules) -> dict[str, pa.Array]:
    columns = {"id": as_text(checks, "id", missing=True)}
    check_id(checks, "id", columns["id"])
    columns["subject"] = _required_id(checks, "subject")
    columns["time"] = as_time(checks, "time", rules)
    checks.mark(absent(columns["time"]), "time", "is missing")
    columns["kind"] = _kind(checks, rules)
    columns["item"] = _item(checks, columns["kind"])
    columns["quantity"] = as_number(checks, "quantity")
    columns["value"] = as_number(checks, "value")
    numbers: dict[str, pa.Array] = {}
    if checks.has("rating"):
        numbers["rating"] = as_number(checks, "rating", low=float("-inf"))
    columns["currency"] = _currency(checks)
    columns["latitude"] = as_number(checks, "latitude", -90, 90)
    columns["longitude"] = as_number(checks, "longitude", -180, 180)
    columns |= {name: _text(checks, name, rules) for name in _TEXTS}
    columns["properties"] = as_json(checks, "properties", plan.properties, rules, numbers)
    return columns


def _items(checks: Checks, plan: Plan, rules: Rules) -> dict[str, pa.Array]:
    columns = {"item": _required_id(checks, "item")}
    columns |= {name: _text(checks, name, rules) for name in ("title", "category", "brand", "text", "image")}
    columns["category"] = pc.replace_substring_regex(
        columns["category"], pattern=r"\s*>\s*", replacement=CATEGORY_SEPARATOR
    )
    columns |= {name: as_number(checks, name) for name in ("price", "stock")}
    columns["currency"] = _filled_currency(_currency(checks), columns["price"], rules)
    return columns


def _customers(checks: Checks, plan: Plan, rules: Rules) -> dict[str, pa.Array]:
    return {
        "subject": _required_id(checks, "subject"),
        "created": as_time(checks, "created", rules),
        "attributes": as_json(checks, "attributes", plan.properties, rules, {}),
    }


def _required_id(checks: Checks, name: str) -> pa.Array:
    text = as_text(checks, name, missing=True)
    check_id(checks, name, text)
    checks.mark(absent(text), name, "is missing")
    return text


def _kind(checks: Checks, rules: Rules) -> pa.Array:
    text = as_text(checks, "kind")
    check_id(checks, "kind", text)
    checks.mark(absent(text), "kind", "is missing")
    words = text.dictionary_encode()
    names = [resolve_kind(rules.kinds.get(word, word)) for word in map(str, words.dictionary.to_pylist())]
    kinds = pa.array(names, pa.string()).take(words.indices)
    checks.mark(truth(pc.equal(kinds, "")), "kind", "has neither letter nor digit")
    return kinds


def _item(checks: Checks, kinds: pa.Array) -> pa.Array:
    text = as_text(checks, "item", missing=True)
    check_id(checks, "item", text)
    about = truth(pc.is_in(kinds, value_set=pa.array(sorted(ABOUT_ITEM))))
    checks.mark(about & absent(text), "item", "is missing, and this kind of event is about an item")
    return text


def _text(checks: Checks, name: str, rules: Rules) -> pa.Array:
    text = as_text(checks, name)
    check_text(checks, name, text, rules.max_field)
    return text


def _currency(checks: Checks) -> pa.Array:
    text = pc.ascii_upper(as_text(checks, "currency"))
    wrong = pc.invert(pc.match_substring_regex(text, _CURRENCY))
    checks.mark(truth(wrong), "currency", "is not a currency code of three letters")
    return text


def _filled_currency(currency: pa.Array, value: pa.Array, rules: Rules) -> pa.Array:
    bare = pc.and_(currency.is_null(), value.is_valid())
    return pc.if_else(bare, rules.currency, currency)


def _table(columns: dict[str, pa.Array], rows: int, schema: pa.Schema) -> pa.Table:
    arrays = [columns[field.name] if field.name in columns else pa.nulls(rows, field.type) for field in schema]
    return pa.table(arrays, schema=schema)
