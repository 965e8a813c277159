"""How a shop's own files correspond to our columns: a small TOML file, checked when it is read.

.. code-block:: toml

    table = "events"             # events, items or customers
    time_format = "%d/%m/%Y"     # auto, iso, unix, unix_ms, or a strptime pattern
    time_zone = "Europe/Berlin"  # of times without a zone

    [columns]                    # ours = theirs; "" leaves ours out
    subject = "client"
    [constants]                  # ours = a value for every row
    channel = "web"
    [kinds]                      # theirs = ours
    bought = "purchase"
    [properties]                 # name in the JSON object = theirs
    colour = "color_code"

Three steps may come before that, in this order, for files whose rows do not say everything themselves; see
`regulars.events.mapping_steps`:

.. code-block:: toml

    [[join]]                     # columns of another file in the same folder
    file = "orders.csv"
    on = "order_id"
    columns = ["customer_id", "ordered_at"]
    [[when]]                     # rows of another kind, and rows that are none
    column = "Invoice"
    begins_with = "C"
    kind = "refund"
    [computed]                   # columns made of others
    amount = { product = ["Quantity", "Price"] }
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from regulars.core.errors import SettingsError
from regulars.core.schema import TABLES
from regulars.events.mapping_steps import Computed, Join, When

if TYPE_CHECKING:
    from pathlib import Path

TableName = Literal["events", "items", "customers"]
FormatName = Literal["csv", "jsonl", "parquet", "sequences", "ratings"]

JSON_COLUMN = {"events": "properties", "customers": "attributes"}
"""Where `[properties]` go; `items` have no such column."""


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a mapping file says; everything has a default, so an empty one changes nothing."""

    table: TableName | None = None
    format: FormatName | None = None
    delimiter: str | None = None
    header: bool = True
    names: tuple[str, ...] = ()
    """Names of the columns, in order, of a file without a header."""
    time_format: str = "auto"
    time_zone: str | None = None
    columns: dict[str, str] = {}
    constants: dict[str, str | int | float] = {}
    kinds: dict[str, str] = {}
    properties: dict[str, str] = {}
    join: tuple[Join, ...] = ()
    when: tuple[When, ...] = ()
    computed: dict[str, Computed] = {}

    def has_steps(self) -> bool:
        """Say whether rows are changed before their columns are told apart."""
        return bool(self.join or self.when or self.computed)


NO_MAPPING = Mapping()


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises
    ------
    SettingsError
        The file cannot be read, is not TOML, or says something that cannot be; names file and field.
    """
    try:
        mapping = msgspec.convert(tomllib.loads(path.read_text("utf-8-sig")), Mapping)
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"is not UTF-8 text (byte {error.start})", where=str(path)) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"is not valid TOML: {error}", where=str(path)) from None
    except msgspec.ValidationError as error:
        raise SettingsError(str(error), where=str(path)) from None
    for field, problem in _problems(mapping):
        raise SettingsError(problem, where=f"{path}: {field}")
    return mapping


def targets(table: str) -> frozenset[str]:
    """Return the columns of `table` that a file can fill: `day` follows from `time`; `rating` is a property."""
    extra = {"rating"} if table == "events" else set[str]()
    return frozenset(TABLES[table].names) - {"day"} | extra


def _problems(mapping: Mapping) -> list[tuple[str, str]]:
    table = mapping.table or "events"
    known = targets(table)
    found: list[tuple[str, str]] = []
    for section in ("columns", "constants"):
        unknown = sorted(getattr(mapping, section).keys() - known)
        found += [(f"{section}.{n}", f"{table} have no '{n}', only {', '.join(sorted(known))}") for n in unknown]
    both = sorted(name for name, source in mapping.columns.items() if source and name in mapping.constants)
    found += [(f"constants.{name}", "is a column as well: keep one of them") for name in both]
    if mapping.time_zone is not None and not _is_zone(mapping.time_zone):
        found.append(("time_zone", f"'{mapping.time_zone}' is not a time zone, such as 'Europe/Berlin'"))
    if mapping.delimiter is not None and not (len(mapping.delimiter) == 1 or mapping.delimiter == "::"):
        found.append(("delimiter", "must be one character, or '::'"))
    if mapping.delimiter in {'"', "\n", "\r"}:
        found.append(("delimiter", "must not be a quote or a line break"))
    if not mapping.header and not mapping.names and mapping.format in {None, "csv"}:
        found.append(("names", "a file without a header needs the names of its columns"))
    if mapping.time_format not in {"auto", "iso", "unix", "unix_ms"} and "%" not in mapping.time_format:
        found.append(("time_format", "must be auto, iso, unix, unix_ms or a pattern such as '%d/%m/%Y %H:%M'"))
    if mapping.properties and table not in JSON_COLUMN:
        found.append(("properties", f"{table} have no place for them"))
    return found + _step_problems(mapping, table)


def _step_problems(mapping: Mapping, table: str) -> list[tuple[str, str]]:
    steps: list[tuple[str, Join | When | Computed]]
    steps = [(f"join[{i}]", join) for i, join in enumerate(mapping.join, start=1)]
    steps += [(f"when[{i}]", rule) for i, rule in enumerate(mapping.when, start=1)]
    steps += [(f"computed.{name}", how) for name, how in mapping.computed.items()]
    found = [(f"{where}.{field}".rstrip("."), said) for where, step in steps for field, said in step.problems()]
    if table != "events":
        kinds = [i for i, rule in enumerate(mapping.when, start=1) if rule.kind]
        found += [(f"when[{i}].kind", f"{table} have no kinds") for i in kinds]
    return found


def _is_zone(name: str) -> bool:
    try:
        _ = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
