"""Words, numbers, dates and money in the language of the page."""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel import Locale, dates, numbers, units
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from datetime import date, datetime, tzinfo

    from babel.messages.catalog import Catalog

LANGUAGES = {"en": "English", "zh": "中文"}
"""Language of a page → its name in itself."""
_LOCALES = {"en": Locale("en", "US"), "zh": Locale("zh", "CN", script="Hans")}
_UNITS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_CATALOGUES = Path(__file__).parent / "locale"


def mark(msgid: str) -> str:
    """Return `msgid` unchanged: it is translated later, where it is shown."""
    return msgid


def read_catalogue(language: str) -> Catalog:
    """Read the translations of one language as they are written in the repository."""
    with (_CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def _translations(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    _ = compiled.seek(0)
    return gettext.GNUTranslations(compiled)


class Words:
    """One language's translations and ways to write values.

    Parameters
    ----------
    language
        A key of `LANGUAGES`.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = _LOCALES[language]
        self.tag = {"en": "en", "zh": "zh-CN"}[language]
        """BCP 47 tag for `<html lang>`."""
        self.translations = _translations(language)

    def say(self, msgid: str, /, **facts: Any) -> str:
        """Translate, then fill in the facts."""
        # gettext answers an empty msgid with the catalogue's header.
        text = self.translations.gettext(msgid) if msgid else ""
        return text % facts if facts else text

    def count(self, singular: str, plural: str, n: int, /, **facts: Any) -> str:
        """Translate by number; `%(n)s` is the number as people write it."""
        return self.translations.ngettext(singular, plural, n) % {"n": self.number(n), **facts}

    def number(self, value: float | None, digits: int = 0) -> str:
        """Write a number with at most `digits` decimals, a dash for nothing."""
        if value is None or value != value:  # noqa: PLR0124 - true for NaN alone
            return "–"
        pattern = "#,##0." + "#" * digits if digits else "#,##0"
        return numbers.format_decimal(round(value, digits), format=pattern, locale=self.locale)

    def fixed(self, value: float | None, digits: int) -> str:
        """Write a number with exactly `digits` decimals, so that a column of them lines up."""
        if value is None:
            return "–"
        return numbers.format_decimal(value, format="#,##0." + "0" * digits, locale=self.locale)

    def share(self, value: float | None, digits: int = 1) -> str:
        """Write a share as a percentage."""
        if value is None or value != value:  # noqa: PLR0124 - true for NaN alone
            return "–"
        pattern = "#,##0." + "0" * digits + "%" if digits else "#,##0%"
        return numbers.format_percent(value, format=pattern, locale=self.locale)

    def points(self, value: float | None, *, unit: bool = True) -> str:
        """Write a difference of shares in percentage points, with its sign; `unit` adds the word."""
        if value is None or value != value:  # noqa: PLR0124 - true for NaN alone
            return "–"
        text = numbers.format_decimal(round(value * 100, 1), format="+#,##0.0;−#,##0.0", locale=self.locale)
        return self.say("%(n)s points", n=text) if unit else text

    def money(self, value: float | None, currency: str) -> str:
        """Write an amount with its currency."""
        if value is None or value != value:  # noqa: PLR0124 - true for NaN alone
            return "–"
        return numbers.format_currency(value, currency or "XXX", locale=self.locale)

    def duration(self, seconds: float | None) -> str:
        """Write a stretch of time in the two units that say most, a dash for nothing."""
        if seconds is None or seconds != seconds:  # noqa: PLR0124 - true for NaN alone
            return "–"
        rest = round(abs(seconds))
        if rest < 1:
            return self._unit(round(seconds, 2), "second")
        written: list[str] = []
        for unit, length in _UNITS.items():
            whole, rest = divmod(rest, length)
            if whole:
                written.append(self._unit(whole, unit))
            elif written:
                break
            if len(written) == 2:
                break
        return ("−" if seconds < 0 else "") + " ".join(written)

    def _unit(self, value: float, unit: str) -> str:
        return units.format_unit(value, unit, length="short", locale=self.locale)

    def day(self, value: date | None) -> str:
        """Write a calendar day."""
        return dates.format_date(value, format="medium", locale=self.locale) if value else "–"

    def weekday(self, value: date) -> str:
        """Write a calendar day with its day of the week."""
        return dates.format_date(value, format="full", locale=self.locale)

    def clock(self, value: datetime, zone: tzinfo) -> str:
        """Write the time of day in the shop's zone."""
        return dates.format_time(value, format="short", tzinfo=zone, locale=self.locale)

    def moment(self, value: datetime, zone: tzinfo) -> str:
        """Write a day and a time in the shop's zone."""
        return dates.format_datetime(value, format="medium", tzinfo=zone, locale=self.locale)


@cache
def words_of(language: str) -> Words:
    """Return the words of a language; anything unknown is English."""
    return Words(language if language in LANGUAGES else "en")
