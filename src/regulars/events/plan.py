"""Which of a file's columns is which of ours: by the mapping, by our names, by names everybody uses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from regulars.core.errors import InputError
from regulars.events.mapping import JSON_COLUMN, targets
from regulars.events.vocabulary import ABOUT_ITEM, resolve_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from regulars.events.mapping import Mapping

_USER = (
    "user", "userid", "customer", "customerid", "client", "clientid", "visitorid", "memberid", "uid", "household",
    "reviewerid",
)  # fmt: skip
_ITEM = (
    "itemid",
    "product",
    "productid",
    "sku",
    "skuid",
    "asin",
    "articleid",
    "article",
    "iid",
    "itemcode",
    "stockcode",
    "movieid",
    "parentasin",
    "bookid",
    "isbn",
    "trackid",
    "videoid",
    "newsid",
)
_TIME = (
    "timestamp", "ts", "date", "datetime", "createdat", "eventtime", "eventdate", "eventtimestamp",
    "actiontime", "transactiondate", "orderdate", "invoicedate", "purchasedate", "originaltimestamp",
    "unixreviewtime",
)  # fmt: skip

ALIASES: dict[str, dict[str, tuple[str, ...]]] = {
    "events": {
        "subject": (*_USER, "householdid", "anonymousid", "distinctid"),
        "item": _ITEM,
        "time": _TIME,
        "kind": ("eventtype", "eventname", "event", "behavior", "behaviour", "action", "type"),
        "id": ("messageid", "eventid", "uuid"),
        "quantity": ("qty", "count", "units", "numberofitems"),
        "value": ("revenue", "salesvalue", "amount", "total", "dollarvalue", "price"),
        "session": ("sessionid", "usersession", "orderid", "basketid", "visitid", "invoice", "invoiceno"),
        "currency": ("currencycode",),
        "latitude": ("lat",),
        "longitude": ("lng", "lon", "long"),
        "referrer": ("referrerid", "referredby", "inviter"),
        "campaign": ("campaignid", "utmcampaign"),
        "source": ("utmsource",),
        "channel": ("utmmedium",),
        "rating": ("score", "stars", "overall"),
    },
    "items": {
        "item": (*_ITEM, "id"),
        "title": ("name", "itemname", "productname", "producttitle"),
        "category": ("categorypath", "categoryname", "producttype", "itemcategory"),
        "brand": ("brandname", "vendor", "manufacturer", "itembrand"),
        "price": ("unitprice", "listprice"),
        "text": ("description", "body", "productdescription"),
        "stock": ("inventory", "stocklevel", "quantityinstock"),
        "image": ("imageurl", "imagelink", "picture"),
    },
    "customers": {
        "subject": (*_USER, "householdid", "id"),
        "created": ("createdat", "signupdate", "registered", "registeredat", "joined"),
    },
}
"""Names in common use, in order of preference, without case and punctuation."""

REQUIRED: dict[str, tuple[str, ...]] = {
    "events": ("subject", "time"),
    "items": ("item",),
    "customers": ("subject",),
}


ORDER = "order of the rows"
"""The name of a column that the reader makes where a data set has no times."""


@dataclass(frozen=True)
class Plan:
    """Where the columns of a table come from in one file.

    Parameters
    ----------
    table
        The table they are for.
    sources
        Ours → theirs.
    constants
        Ours → the value of every row.
    properties
        Name in the JSON column → theirs.
    """

    table: str
    sources: dict[str, str]
    constants: dict[str, str | int | float] = field(default_factory=dict[str, "str | int | float"])
    properties: dict[str, str] = field(default_factory=dict[str, str])

    def needed(self) -> list[str]:
        """Return the file's columns that are read at all."""
        return list(dict.fromkeys([*self.sources.values(), *self.properties.values()]))


def plan_columns(
    found: Sequence[str],
    table: str,
    mapping: Mapping,
    file: str,
    default_kind: str | None = None,
    *,
    stand_ins: bool = False,
) -> Plan:
    """Decide where each column comes from.

    What the mapping says goes first; then a column with our own name; then a name in common use. When a file of
    events has no kind, every event is `default_kind`, or, without one, a purchase if there is a quantity or a
    value, a rating if there is one, and a view otherwise. Columns of customers that are nothing else become attributes.
    With `stand_ins` a session stands for the customer and `ORDER` for the time of events that have none.

    Raises
    ------
    InputError
        The file lacks a column that is required, or one that the mapping names.
    """
    sources = {ours: theirs for ours, theirs in mapping.columns.items() if theirs}
    _check_mapped({**sources, **mapping.properties}, found, file)
    settled = set(mapping.columns) | set(mapping.constants)
    used = set(sources.values())
    plain = {name: _plain(name) for name in found}
    for ours in sorted(targets(table) - settled):
        wanted = (ours, *ALIASES[table].get(ours, ()))
        options = [n for w in wanted for n in found if plain[n] == w and n not in used]
        if options:
            sources[ours] = options[0]
            used.add(options[0])
    constants = dict(mapping.constants)
    if table == "events" and stand_ins:
        if "subject" not in sources and "session" in sources:
            sources["subject"] = sources["session"]
        _ = sources.setdefault("time", ORDER)
    if table == "events" and "kind" not in sources:
        _ = constants.setdefault("kind", default_kind or _likely_kind(sources))
    missing = [name for name in REQUIRED[table] if name not in sources and name not in constants]
    about_item = resolve_kind(str(constants.get("kind", ""))) in ABOUT_ITEM
    if about_item and "item" not in sources and "item" not in constants:
        missing.append("item")
    if missing:
        raise InputError(
            f"has no column for {' and '.join(missing)}; its columns are {listed(found)}",
            where=file,
            fix="Say which column is which in a mapping file: `--map map.toml`, with [columns] "
            f'{missing[0]} = "their name".',
        )
    properties = dict(mapping.properties)
    if table == "customers":
        taken = used | set(properties.values())
        properties |= {name: name for name in found if name not in taken}
    return Plan(table, sources, constants, properties if table in JSON_COLUMN else {})


def _likely_kind(sources: dict[str, str]) -> str:
    if "quantity" in sources or "value" in sources:
        return "purchase"
    return "rate" if "rating" in sources else "view"


def _check_mapped(mapped: dict[str, str], found: Sequence[str], file: str) -> None:
    for ours, theirs in mapped.items():
        if not is_there(theirs, found):
            raise InputError(
                f"has no column '{theirs}', which the mapping names for '{ours}'; its columns are {listed(found)}",
                where=file,
                fix="Correct the mapping file.",
            )


def is_there(name: str, found: Sequence[str]) -> bool:
    """Say whether a file with the columns `found` has the column `name`."""
    # A dotted name reaches into nested JSON, which has no fixed list of columns.
    return name in found or name.partition(".")[0] in found


def _plain(name: str) -> str:
    # RecBole writes the type behind the name: `user_id:token`.
    return re.sub(r"[\W_]+", "", name.partition(":")[0].casefold())


def listed(names: Iterable[str]) -> str:
    """Return the names of columns for a message, at most thirty."""
    shown = [repr(name[:40]) for name in names]
    return ", ".join(shown[:30]) + (", …" if len(shown) > 30 else "") or "none"
