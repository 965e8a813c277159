"""What a row must keep to: limits from the shop's settings, forms from the mapping."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from regulars.core.errors import SettingsError

if TYPE_CHECKING:
    from regulars.core.settings import Settings
    from regulars.events.mapping import Mapping

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rules:
    """Everything the checks need to know.

    Parameters
    ----------
    time_format
        `auto`, `iso`, `unix`, `unix_ms` or a strptime pattern.
    time_zone
        Of times that come without one.
    shop_zone
        Whose calendar days are counted.
    earliest, latest
        Instants in microseconds since 1970; events outside are mistakes.
    earliest_day
        The day `earliest` begins, for messages.
    max_field
        Most bytes of a text.
    currency
        Of values that come without one.
    kinds
        A kind's name in the file → ours.
    """

    time_format: str
    time_zone: str
    shop_zone: str
    earliest: int
    latest: int
    earliest_day: str
    max_field: int
    currency: str
    kinds: dict[str, str] = field(default_factory=dict[str, str])


def rules_of(settings: Settings, mapping: Mapping, now: datetime) -> Rules:
    """Combine settings, mapping and the present time.

    Raises
    ------
    SettingsError
        `data.earliest` is a day that does not exist.
    """
    zone = settings.shop.time_zone
    try:
        first = datetime.fromisoformat(settings.data.earliest).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise SettingsError(
            f"'{settings.data.earliest}' is not a day", where="regulars.toml: data.earliest", fix="Use YYYY-MM-DD."
        ) from None
    last = now + timedelta(hours=settings.data.max_future_hours)
    return Rules(
        time_format=mapping.time_format,
        time_zone=mapping.time_zone or zone,
        shop_zone=zone,
        earliest=_micros(first),
        latest=_micros(last),
        earliest_day=settings.data.earliest,
        max_field=settings.data.max_field_bytes,
        currency=settings.shop.currency,
        kinds=mapping.kinds,
    )


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
