"""Days and periods in plain words, English and Chinese: 'last month', 'since 3 March', '最近30天', '2017年三季度'.

A point is a stretch that has a name: a day, a month, a quarter, half a year, a year. What stands around it says
whether the stretch itself is meant, or what comes since or until then. A point without a year is the latest that has
begun.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from regulars.insights.asking.numbers import N, number
from regulars.insights.periods import first_day, last_day, number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from regulars.insights.periods import Period

    Stretch = tuple[date, date]

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")  # fmt: skip
UNITS = {"day": "day", "天": "day", "日": "day", "week": "week", "周": "week", "星期": "week", "礼拜": "week",
         "month": "month", "月": "month", "quarter": "quarter", "季度": "quarter", "year": "year",
         "年": "year"}  # fmt: skip
LENGTH = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
"""Days of a rolling unit: 'the last 2 weeks' are 14 days, today included."""
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "上": 1, "下": 2}

_MONTH = "(?:" + "|".join(rf"{name}|{name[:3]}(?![a-z])\.?" for name in MONTHS) + r"|sept(?![a-z])\.?)"
_WHOLE_MONTH = "(?:" + "|".join(name for name in MONTHS if name not in ("march", "may")) + ")"
_YEAR = r"(?:19|20)\d\d"
_ZH_YEAR = rf"(?:(?:{_YEAR})年|今年|去年|前年)"
_ZH_N = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_UNIT = r"(?:day|week|month|quarter|year)"
_ZH_UNIT = r"(?:天|日|周|星期|礼拜|月|季度|年)"


class Found(NamedTuple):
    """A stretch of days, and the words that said so."""

    words: str
    first: date | None
    last: date | None
    rolling: int | None = None
    """The number of days where so many last ones were asked for."""


def find_days(text: str, today: date) -> Found | None:
    """Return the stretch of days that a question speaks of, if it speaks of one.

    Parameters
    ----------
    text
        The question, in lower case.
    today
        The day that 'last week' and its kin start from.
    """
    for pattern, make in _RULES:
        for found in pattern.finditer(text):
            try:
                said = make(found, today)
            # Words can name days that there are not: 31 June, or a hundred thousand years ago.
            except (ValueError, OverflowError):
                continue
            if said is not None:
                return said
    return None


def find_period(text: str) -> tuple[str, Period] | None:
    """Return the words and the period by which a question wants to be counted."""
    for pattern, period in _PERIODS:
        found = re.search(pattern, text)
        if found:
            return found[0], period
    return None


_PERIODS: tuple[tuple[str, Period], ...] = (
    (r"\b(?:daily|(?:per|by|each|every|a) day|day by day)\b|(?<!隔)每[一个]*[天日]|[按逐]每?[天日]|日度", "day"),
    (r"\b(?:weekly|(?:per|by|each|every|a) week|week by week)\b|每[一个]*(?:周|星期|礼拜)|[按逐各](?:周|星期)|周度"
    r"|周留存",
     "week"),
    (r"\b(?:monthly|(?:per|by|each|every|a) (?:calendar )?month|month by month)\b|每[一个]*月|[按逐各]个?月|月度"
    r"|月留存",
     "month"),
)  # fmt: skip


def _quarter(year: int, quarter: int) -> Stretch:
    """Return the days of a quarter counted from 0; numbers beyond a year run on."""
    begin = year * 12 + quarter * 3
    return first_day(begin, "month"), last_day(begin + 2, "month")


def _month(year: int, month: int) -> Stretch:
    if not 1 <= month <= 12:
        raise ValueError(month)
    return first_day(year * 12 + month - 1, "month"), last_day(year * 12 + month - 1, "month")


def _half(year: int, half: int) -> Stretch:
    return date(year, 6 * half - 5, 1), _quarter(year, 2 * half - 1)[1]


def _day(year: int, month: int, day: int) -> Stretch:
    return date(year, month, day), date(year, month, day)


def _latest(year: str | None, today: date, make: Callable[[int], Stretch]) -> Stretch:
    """Return a stretch of the year that is named, else of the latest year in which it has begun."""
    named = {"今年": today.year, "去年": today.year - 1, "前年": today.year - 2}
    if year:
        return make(named[year] if year in named else int(year.rstrip("年")))
    try:
        stretch = make(today.year)
    except ValueError:
        # 29 February: the last leap year.
        return make(next(back for back in range(today.year, today.year - 9, -1) if back % 4 == 0))
    return stretch if stretch[0] <= today else make(today.year - 1)


def _number_of_month(name: str) -> int:
    return next((at for at, month in enumerate(MONTHS, 1) if name.startswith(month[:3])), 0) or number(name)


def _ordinal(text: str) -> int:
    return ORDINALS.get(text) or number(text)


def _calendar(unit: str, back: int, today: date) -> Stretch:
    """Return the day, week, month, quarter or year that lies so many back."""
    if unit == "year":
        return date(today.year - back, 1, 1), date(today.year - back, 12, 31)
    if unit == "quarter":
        return _quarter(today.year, (today.month - 1) // 3 - back)
    if unit == "day":
        return today - timedelta(days=back), today - timedelta(days=back)
    period: Period = "week" if unit == "week" else "month"
    count = number_of(today, period) - back
    return first_day(count, period), last_day(count, period)


def _back(text: str) -> int:
    return 0 if text[:1] in "t本这今" or text.startswith("current") else 2 if text.startswith(("上上", "前")) else 1


Point = tuple[str, "Callable[[re.Match[str], date], Stretch]"]
_POINTS: tuple[Point, ...] = (
    (r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})", lambda f, _: _day(int(f["y"]), int(f["m"]), int(f["d"]))),
    (rf"(?P<y>{_YEAR})-(?P<m>\d\d)(?!\d)", lambda f, _: _month(int(f["y"]), int(f["m"]))),
    (rf"(?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m>{_MONTH})(?:,? (?P<y>{_YEAR}))?",
     lambda f, t: _latest(f["y"], t, lambda y: _day(y, _number_of_month(f["m"]), int(f["d"])))),
    (rf"(?P<m>{_MONTH}) (?:the )?(?P<d>\d{{1,2}})(?!\d)(?:st|nd|rd|th)?(?:,? (?P<y>{_YEAR}))?",
     lambda f, t: _latest(f["y"], t, lambda y: _day(y, _number_of_month(f["m"]), int(f["d"])))),
    (rf"(?P<m>{_MONTH})(?:,?(?: of)? (?P<y>{_YEAR}))?",
     lambda f, t: _latest(f["y"], t, lambda y: _month(y, _number_of_month(f["m"])))),
    (rf"(?:(?P<z>{_YEAR}) ?)?q(?P<q>[1-4])(?!\w)(?: (?:of )?(?P<y>{_YEAR}))?",
     lambda f, t: _latest(f["y"] or f["z"], t, lambda y: _quarter(y, int(f["q"]) - 1))),
    (rf"(?:the )?(?P<q>first|second|third|fourth) quarter(?: (?:of )?(?P<y>{_YEAR}))?",
     lambda f, t: _latest(f["y"], t, lambda y: _quarter(y, _ordinal(f["q"]) - 1))),
    (rf"(?:the )?(?P<h>first|second) half(?: of)?(?: the year)?(?: (?P<y>{_YEAR}))?",
     lambda f, t: _latest(f["y"], t, lambda y: _half(y, _ordinal(f["h"])))),
    (rf"(?P<y>{_ZH_YEAR})?的?(?P<m>{_ZH_N})月(?P<d>{_ZH_N})[日号]",
     lambda f, t: _latest(f["y"], t, lambda y: _day(y, number(f["m"]), number(f["d"])))),
    (rf"(?P<y>{_ZH_YEAR})?的?(?P<m>{_ZH_N})月份?",
     lambda f, t: _latest(f["y"], t, lambda y: _month(y, number(f["m"])))),
    (rf"(?P<y>{_ZH_YEAR})?的?第?(?P<q>[一二三四1-4])季度?",
     lambda f, t: _latest(f["y"], t, lambda y: _quarter(y, number(f["q"]) - 1))),
    (rf"(?P<y>{_ZH_YEAR})?的?(?P<h>[上下])半年", lambda f, t: _latest(f["y"], t, lambda y: _half(y, _ordinal(f["h"])))),
    (rf"(?P<y>{_ZH_YEAR})", lambda f, t: _latest(f["y"], t, lambda y: (date(y, 1, 1), date(y, 12, 31)))),
    (rf"(?P<y>{_YEAR})(?!\d)", lambda f, _: (date(int(f["y"]), 1, 1), date(int(f["y"]), 12, 31))),
    (rf"(?P<b>the last|last|the previous|previous|this|the current|current) (?P<u>{_UNIT})(?!\w)",
     lambda f, t: _calendar(f["u"], _back(f["b"].removeprefix("the ")), t)),
    (rf"(?P<b>上上个?|上一?个?|本|这一?个?)(?P<u>{_ZH_UNIT})", lambda f, t: _calendar(UNITS[f["u"]], _back(f["b"]), t)),
    (r"(?P<b>yesterday|昨[天日])", lambda _, t: _calendar("day", 1, t)),
    (r"(?P<b>today|今[天日])", lambda _, t: _calendar("day", 0, t)),
    (r"(?P<b>前天)", lambda _, t: _calendar("day", 2, t)),
)  # fmt: skip
_READERS = tuple((re.compile(pattern), make) for pattern, make in _POINTS)
_ANY = "(?:" + "|".join(re.sub(r"\?P<\w>", "?:", pattern) for pattern, _ in _POINTS) + ")"
_BARE = rf"(?:{_WHOLE_MONTH}(?:,?(?: of)? {_YEAR})?|" + "|".join(
    re.sub(r"\?P<\w>", "?:", pattern)
    for pattern, _ in _POINTS
    # A month's short name can be a word, and a bare year a number: these need a preposition.
    if pattern not in (_POINTS[4][0], rf"(?P<y>{_YEAR})(?!\d)")
) + rf"|{_MONTH}(?:,? (?:of )?){_YEAR}|{_YEAR}$)"  # fmt: skip


def _point(text: str, today: date) -> Stretch:
    for pattern, make in _READERS:
        found = pattern.fullmatch(text.strip())
        if found:
            return make(found, today)
    raise ValueError(text)


def _between(found: re.Match[str], today: date) -> Found | None:
    _, last = _point(found["b"], today)
    first, _ = _point(found["a"], last)
    return Found(found[0].strip(), first, last) if first <= last else None


def _since(found: re.Match[str], today: date) -> Found:
    first, last = _point(found["a"], today)
    # After a day begins the next day; 'after March' begins with April.
    return Found(found[0].strip(), last + timedelta(days=1) if found[0].startswith("after") else first, None)


def _until(found: re.Match[str], today: date) -> Found:
    first, last = _point(found["a"], today)
    return Found(found[0].strip(), None, first - timedelta(days=1) if found[0].startswith("before") else last)


def _until_chinese(found: re.Match[str], today: date) -> Found:
    first, last = _point(found["a"] or found["c"], today)
    return Found(found[0], None, first - timedelta(days=1) if found[0].endswith("前") else last)


def _in(found: re.Match[str], today: date) -> Found:
    return Found(found[0].strip(), *_point(found["a"], today))


def _rolling(found: re.Match[str], today: date) -> Found | None:
    days = number(found["n"] or "1") * LENGTH[UNITS[found["u"]]]
    if days < 1:
        return None
    return Found(found[0].strip(), today - timedelta(days=days - 1), today, days)


def _to_date(found: re.Match[str], today: date) -> Found:
    unit = UNITS.get(found["u"] or "year", "year")
    return Found(found[0].strip(), _calendar(unit, 0, today)[0], today)


_A, _B = rf"(?P<a>{_ANY})", rf"(?P<b>{_ANY})"
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Found | None]], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (rf"(?:\b(?:from|between) |从)?(?<![\w]){_A}(?: ?(?:to|and|until|till|through|-|–|~|到|至"
        rf"|和) ?){_B}(?!\w)(?:之?间)?",
         _between),
        (rf"(?:从)?{_A} ?(?:到|至) ?{_B}", _between),
        (rf"\b(?:since|starting|starting in|starting from|from|after)(?: the (?:start|beginning) of)? {_A}(?!\w)"
         r"(?: on(?:wards?)?)?", _since),
        (rf"(?:自从?|从) ?{_A}(?:以来|开始|起|以后|之后|至今)?", _since),
        (rf"{_A}(?:以来|开始|起|以后|之后|至今)", _since),
        (rf"\b(?:until|till|up to|before|through)(?: the end of)? {_A}(?!\w)", _until),
        (rf"(?:截至|截止到?|直到){_A}|{_A.replace('<a>', '<c>')}(?:以前|之前|为止)", _until_chinese),
        (r"\b(?P<u>year|month|quarter|week)[ -]to[ -]date\b|(?P<v>\bytd\b|年初(?:至今|到现在))", _to_date),
        (r"\bsince the (?:start|beginning) of (?:the|this) (?P<u>year|month|quarter|week)\b", _to_date),
        (rf"\b(?:last|past|previous|recent|latest) (?P<n>{N}) (?P<u>{_UNIT})s?\b", _rolling),
        (rf"\b(?:the )?past (?P<n>)(?P<u>{_UNIT})\b", _rolling),
        (rf"(?:最近|过去|近|前|这|之前)的?(?P<n>{N})个?(?P<u>{_ZH_UNIT})", _rolling),
        (rf"(?<!\w)(?:(?:in|during|of|for|on|over|throughout|within) )?(?P<a>{_BARE})(?!\w)", _in),
        (rf"\b(?:in|during|of|for|on|over|throughout|within) {_A}(?!\w)", _in),
        (rf"(?P<a>{'|'.join(re.sub(r'[?]P<[a-z]>', '?:', p) for p, _ in _POINTS if re.search('[一-鿿]', p))})", _in),
    )
)  # fmt: skip
