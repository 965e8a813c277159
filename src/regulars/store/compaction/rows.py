"""Rows of the events table, gathered one by one and handed over as columns, with nothing personal in any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.schema import EVENTS
from regulars.events.days import local_days
from regulars.privacy.masks import mask_code, mask_structured
from regulars.privacy.masks.codes import CODE_HINT
from regulars.store.compaction.masked import SUSPECT, masked_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from regulars.events.wire import WireEvent

_NAMES = [name for name in EVENTS.names if name != "day"]
_LABELS = ("device", "country", "region", "city", "channel", "source")
_PLACES = 2
"""Decimals of a degree, about a kilometre: which part of the town, as analyses ask; more would name a house."""
_WIDE = r"[\x{ff01}-\x{ff5e}\x{2010}-\x{2015}\x{2212}\x{fe63}\x{3000}]"
_LABEL = "(?i:tel|phone|mobile|mob|cell|fax|wx|vx|weixin|wechat|qq|[tmvp]|no|id|card|cc|ssn|ip|user|pin)[-_/.#:]?"
_LONE = r"(?:^[-/.#]?|[^0-9A-Za-z_/.#-]|[^0-9A-Za-z_][-/.#]|(?:^|[^0-9A-Za-z])" + _LABEL + ")"
_NUMBER = r"[+(]{0,2}[0-9](?:[ .()/-]{0,3}[0-9]){6}"
_IBAN = r"(?:^|[^0-9A-Za-z_*])[A-Za-z]{2}[0-9]{2}[ -]?[0-9A-Za-z]{4}"
_ID_HINT = rf"@|%(?:25)?40|:[0-9A-Fa-f]{{0,4}}:|[0-9]\.[0-9]{{1,3}}\.[0-9]|{_WIDE}|{_LONE}{_NUMBER}|{_IBAN}"
"""Without this the id of an event (a UUID, a counter after a word) holds no number or address of a person: the masks
take none that a word runs into. Found by Arrow, as every event has another id."""


class Rows:
    """Events on their way into one file.

    Parameters
    ----------
    zone
        The shop's time zone, in which days end.
    identifier
        Returns what the id of an event is kept as.
    """

    def __init__(self, zone: str, identifier: Callable[[str], str]) -> None:
        self._zone = zone
        self._identifier = identifier
        self._rows: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, event: WireEvent, subject: str, session: str, referrer: str | None, properties: str | None) -> None:
        """Take in one event; the order is that of the schema, without `day`."""
        self._rows.append(
            (
                event.id, event.time, subject, event.kind, event.item, event.quantity, event.value, event.currency,
                session, event.device, event.country, event.region, event.city, event.latitude, event.longitude,
                event.channel, event.source, event.campaign, referrer, properties,
            )
        )  # fmt: skip

    def table(self) -> pa.Table:
        """Return everything added, in the schema of `events`."""
        if not self._rows:
            return EVENTS.empty_table()
        columns: dict[str, Any] = {
            name: pa.array(values, _type(name))
            for name, values in zip(_NAMES, zip(*self._rows, strict=True), strict=True)
        }
        self._clear(columns)
        columns["time"] = columns["time"].cast(EVENTS.field("time").type)
        columns["day"] = local_days(pa.chunked_array([columns["time"]]), self._zone)
        return pa.table({name: columns[name] for name in EVENTS.names}, schema=EVENTS)

    def _clear(self, columns: dict[str, Any]) -> None:
        """Mask what clients put where a label, a code or an id belongs."""
        columns["id"] = _changed(columns["id"], _ID_HINT, self._identifier)
        for name in _LABELS:
            columns[name] = _each(columns[name], SUSPECT, mask_structured)
        columns["kind"] = _each(columns["kind"], "[0-9]", masked_name)
        # What a catalogue calls a product, or an advertiser a campaign, is often a number as long as a telephone's: two
        # of them must not become one.
        for name in ("item", "campaign"):
            columns[name] = _each(columns[name], CODE_HINT, mask_code)
        for name in ("latitude", "longitude"):
            columns[name] = pc.round(columns[name], _PLACES)


def _each(values: pa.Array, hint: str, change: Callable[[str], str]) -> pa.Array:
    """Return texts, each changed that may need it; one that occurs often is looked at once."""
    if values.null_count == len(values):
        return values
    encoded = values.dictionary_encode()
    changed = _changed(encoded.dictionary, hint, change)
    return values if changed is encoded.dictionary else changed.take(encoded.indices)


def _changed(texts: pa.Array, hint: str, change: Callable[[str], str]) -> pa.Array:
    """Return texts, those that match the expression `hint` changed; the same array where none does."""
    places = pc.match_substring_regex(texts, hint).to_numpy(zero_copy_only=False).nonzero()[0].tolist()
    if not places:
        return texts
    found: list[str] = texts.to_pylist()
    for place in places:
        found[place] = change(found[place])
    return pa.array(found, pa.string())


def _type(name: str) -> pa.DataType:
    return pa.int64() if name == "time" else EVENTS.field(name).type
