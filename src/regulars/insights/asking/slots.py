"""What a question says beside which question it is: days, dimensions, values, kinds, numbers, a product."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from regulars.insights.asking.numbers import N, number
from regulars.insights.asking.times import Found, find_days, find_period
from regulars.insights.asking.words import (
    BY,
    CHANNELS,
    COUNTRIES,
    DEVICES,
    DIMENSIONS,
    FIRST,
    FROM_THERE,
    KINDS,
    MEASURES,
    SEGMENTS,
    Said,
    all_said,
    first_said,
)
from regulars.insights.dimensions import OF_CUSTOMERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

_TOP = re.compile(
    r"\b(?:top|best|first|largest|biggest)\s+(\d{1,3})\b(?!\s*(?:days?|weeks?|months?|hours?|minutes?))"
    r"|\b(\d{1,3})\s+(?:best|top|most|largest|biggest)\b"
    rf"|前({N})(?!\s*个?(?:天|日|周|月|年|小时|分钟))"
)
_DURATION_UNITS = {"minute": "m", "min": "m", "分钟": "m", "hour": "h", "小时": "h", "day": "d", "天": "d", "日": "d",
                   "week": "w", "周": "w", "星期": "w"}  # fmt: skip
_EN_UNIT, _ZH_UNIT = r"(minute|min|hour|day|week)s?", r"个?(分钟|小时|天|日|周|星期)"
_WITHIN = re.compile(
    rf"\b(?:within|inside|in under|in less than|less than)\s+(?:the\s+)?({N})\s+{_EN_UNIT}\b"
    rf"|\bin\s+({N})\s+{_EN_UNIT}\b|\b(\d{{1,4}})[ -]{_EN_UNIT} (?:window|timeout|lookback)\b"
    rf"|\b(?:lookback|look back|window|timeout)(?: of)?\s+({N})\s+{_EN_UNIT}\b"
    rf"|({N}){_ZH_UNIT}(?:之?内|以内)|(?:回溯|窗口)({N}){_ZH_UNIT}"
)
_PAUSE = re.compile(r"(\d{1,4})[ -]?(?:minutes?|min|分钟)")
_FOLLOW = re.compile(
    rf"\b(?:follow(?:ed|ing)?|for|over)\s+(?:them |it |cohorts? )*(?:for )?({N})\s+(?:days|weeks|months)\b"
    rf"|(?:跟踪|追踪|观察|看)({N})个?(?:天|周|星期|月)"
)
_WITH = re.compile(
    r"\b(?:go(?:es)?|bought|buy|purchased?|together|pair(?:s|ed)?|well|sold|ordered)\s+(?:well\s+|together\s+)?with\s+"
    r"(?:the\s+|our\s+)?(.{2,60})$"
    r"|(?:和|与|跟|同|买了)(.{1,20}?)(?:的人)?(?:一起|搭配|同时|还会?买|还买)"
    r"|(.{1,20}?)(?:和|与|跟)(?:什么|哪些).{0,6}(?:一起|搭配)"
)
_ABOUT = re.compile(
    r"\breviews? (?:of|for|about|on)\s+(?:the\s+|our\s+)?(.{2,60})$|(?:对|关于)?(.{1,20}?)的(?:评价"
    r"|评论|差评|好评)"
)
_AMOUNT = re.compile(
    r"\b(over|above|more than|at least|from|under|below|less than|at most)\s+[$€£¥]?\s?(\d+(?:\.\d+)?)\s?"
    r"(?:dollars?|euros?|pounds?|yuan|usd|eur|rmb|[$€£¥])"
    r"|\b(over|above|more than|at least|under|below|less than|at most)\s+[$€£¥]\s?(\d+(?:\.\d+)?)"
    r"|(超过|高于|大于|不低于|低于|少于|不到)?(\d+(?:\.\d+)?)(?:块钱?|元)(以上|及以上|以下|以内)?"
)
_SIGNS = {"over": ">", "above": ">", "more than": ">", "at least": ">=", "from": ">=", "under": "<", "below": "<",
          "less than": "<", "at most": "<=", "超过": ">", "高于": ">", "大于": ">", "不低于": ">=", "低于": "<",
          "少于": "<", "不到": "<", "以上": ">=", "及以上": ">=", "以下": "<=", "以内": "<="}  # fmt: skip
_COMPARE = re.compile(
    r"\b(?:compared?|comparison|versus|vs\.?|against|than)(?: (?:to|with))?(?: those| that)?(?: of| in)?"
    r"(?: the)? (?:(?:last|previous|prior) (year|month|week|quarter|period)|(year|period) before)\b|\b(year on year"
    r"|yoy)\b"
    r"|[和与跟同比较]{1,2}(?:去年|上年)(同期)?(?:相?比较?|对比)?|(同比)|(环比)|[和与跟同比较]{1,2}上一?个?(周|月|期|季度)(?:相?比较?|对比)?"
)
_SMOOTH = re.compile(
    rf"\b({N})[ -](?:day|week|month)s? (?:moving|rolling|running) (?:average|mean)\b|({N})(?:天|日"
    rf"|周|月)移动平均"
)
_CUMULATIVE = re.compile(r"\bcumulative(?:ly)?\b|\badded up\b|\brunning total\b|累计|累积")
_AND = re.compile(r"\s*(?:and|×|x|和|及|、)\s*")
_NOT_ITEMS = frozenset({"each other", "it", "them", "what", "which", "什么", "哪些商品", "哪些", "商品", "产品"})
_SHORTEST_VALUE = 3


@dataclass
class Slots:
    """What was said, in our names."""

    text: str = ""
    """The question, in lower case."""
    days: Found | None = None
    period: Said | None = None
    dimensions: list[Said] = field(default_factory=list[Said])
    """By what an answer is split, the first named first."""
    mentioned: list[Said] = field(default_factory=list[Said])
    """Every dimension that is named at all."""
    conditions: list[Said] = field(default_factory=list[Said])
    kinds: list[Said] = field(default_factory=list[Said])
    """In the order in which they are named."""
    measure: Said | None = None
    top: Said | None = None
    within: Said | None = None
    """A length of time such as 2h."""
    minutes: Said | None = None
    follow: Said | None = None
    """A number of periods to follow somebody."""
    item: Said | None = None
    compare: Said | None = None
    smooth: Said | None = None
    cumulative: Said | None = None


def read_slots(
    text: str, today: date, values: Mapping[str, Sequence[str]], find_item: Callable[[str], str | None]
) -> Slots:
    """Read everything but the question itself.

    Parameters
    ----------
    text
        The question, normalised and in lower case.
    today
        What relative days are relative to.
    values
        Dimension → values there are.
    find_item
        Returns the item that some words name.
    """
    slots, rest = Slots(text=text), text
    # What has been read is taken out: 'compared with last year' names no days, and days hold numbers.
    if found := _COMPARE.search(rest):
        rest = _without(rest, found[0])
        year = found[1] == "year" or found[2] == "year" or found[3] or found[5] or re.search("去年|上年", found[0])
        slots.compare = Said("year" if year else "previous", found[0])
    if found := _SMOOTH.search(rest):
        rest = _without(rest, found[0])
        slots.smooth = _counted(found[1] or found[2], found[0])
    if found := _FOLLOW.search(rest):
        slots.follow = _counted(found[1] or found[2], found[0])
        rest = _without(rest, found[0])
    slots.days = find_days(rest, today)
    rest = _without(rest, slots.days.words) if slots.days else rest
    if period := find_period(rest):
        slots.period = Said(period[1], period[0])
        rest = _without(rest, period[0])
    rest = _read_numbers(slots, rest)
    slots.item = _item(rest, find_item)
    slots.mentioned = [said for _, said in all_said(DIMENSIONS, rest)]
    slots.dimensions = _split_by(rest)
    plain = rest
    for said in slots.dimensions:
        plain = _without(plain, said.words)
    slots.conditions = [*_amounts(plain), *_conditions(plain), *_named(plain, values)]
    slots.kinds = [said for _, said in all_said(KINDS, plain)]
    slots.measure = first_said(MEASURES, plain)
    return slots


def _without(text: str, words: str) -> str:
    return text.replace(words, " ", 1)


def _counted(text: str, words: str) -> Said | None:
    try:
        return Said(str(number(text)), words)
    except ValueError:
        return None


def _read_numbers(slots: Slots, rest: str) -> str:
    if found := _TOP.search(rest):
        slots.top = _counted(next(group for group in found.groups() if group), found[0])
        # 'the top 5 brands' are brands one by one, as 'which brands' are.
        rest = rest.replace(found[0], "哪些" if "前" in found[0] else "which ", 1)
    if found := _WITHIN.search(rest):
        amount, unit = (group for group in found.groups() if group)
        if said := _counted(amount, found[0]):
            slots.within = Said(said.value + _DURATION_UNITS[unit], found[0])
    if found := _PAUSE.search(rest):
        slots.minutes = Said(str(int(found[1])), found[0])
    if found := _CUMULATIVE.search(rest):
        slots.cumulative = Said("true", found[0])
    return rest


def _item(text: str, find_item: Callable[[str], str | None]) -> Said | None:
    for pattern in (_WITH, _ABOUT):
        found = pattern.search(text)
        named = next((group for group in found.groups() if group), "").strip() if found else ""
        if named and named not in _NOT_ITEMS:
            item = find_item(named)
            if item:
                return Said(item, named)
    return None


def _split_by(text: str) -> list[Said]:
    """Return the dimensions that stand after 'by' or one of its kin, or after another of them and 'and'."""
    found: list[tuple[int, int, Said]] = []
    taken = text
    # Twice: what is joined to another dimension can come earlier in the table than that.
    for word in (*DIMENSIONS, *DIMENSIONS):
        for match in word.pattern.finditer(taken):
            before = BY.search(text[: match.start()])
            begin = before.start() if before else match.start()
            if before or any(_AND.fullmatch(text[end:begin]) for _, end, _ in found):
                first = FIRST.search(text[: match.start()])
                name = f"first_{word.name}" if first and f"first_{word.name}" in OF_CUSTOMERS else word.name
                found.append((begin, match.end(), Said(name, text[begin : match.end()].strip())))
                taken = taken[: match.start()] + "\n" * len(match[0]) + taken[match.end() :]
                break
    return [said for _, _, said in sorted(found)]


def _amounts(text: str) -> list[Said]:
    found = _AMOUNT.search(text)
    if not found:
        return []
    sign = next((_SIGNS[group] for group in found.groups() if group in _SIGNS), None)
    amount = next(group for group in found.groups() if group and group[0].isdecimal())
    return [Said(f"value{sign}{amount}", found[0].strip())] if sign else []


def _conditions(text: str) -> list[Said]:
    found: list[Said] = []
    for dimension, words in (("segment", SEGMENTS), ("device", DEVICES), ("country", COUNTRIES)):
        said = [one for _, one in all_said(words, text)]
        if said:
            names = "|".join(one.value for one in said)
            found.append(Said(f"{dimension}={names}", ", ".join(one.words for one in said)))
    return found


def _named(text: str, values: Mapping[str, Sequence[str]]) -> list[Said]:
    """Return a condition for each value of the shop that stands in the question, the longest first."""
    found: list[Said] = []
    taken = text
    everything = [(value, dimension) for dimension, some in values.items() for value in some if value]
    for value, dimension in sorted(everything, key=lambda pair: (-len(pair[0]), pair)):
        plain = value.casefold()
        chinese = any(ord(letter) > 0x2E7F for letter in plain)
        if len(plain) < (2 if chinese else _SHORTEST_VALUE) or "|" in value or "," in value:
            continue
        match = re.search(re.escape(plain) if chinese else rf"(?<![a-z0-9]){re.escape(plain)}(?![a-z0-9])", taken)
        if match and (chinese or _is_meant(plain, taken, match)):
            taken = taken[: match.start()] + " " + taken[match.end() :]
            found.append(Said(f"{dimension}={value}", plain))
    there = {value.casefold(): value for value in values.get("channel", ())}
    for _, said in all_said(CHANNELS, text) if FROM_THERE.search(text) else ():
        condition = Said(f"channel={there[said.value]}", said.words) if said.value in there else None
        if condition and condition.value not in [one.value for one in found]:
            found.append(condition)
    return found


def _is_meant(value: str, text: str, match: re.Match[str]) -> bool:
    """Say whether a word is a value here: 'search' can be a channel or what people do."""
    if value not in _ORDINARY:
        return True
    before, after = text[: match.start()], text[match.end() :]
    return bool(
        re.search(r"\b(?:by|via|through|channels?|came from|only|just)\s+$|渠道\W*$|来自\W*$", before)
        or re.match(r"\s*(?:channel|only|traffic|customers|shoppers|buyers|visitors|users|渠道|来的)", after)
    )


_ORDINARY = frozenset(
    {"search", "store", "shop", "direct", "social", "mail", "email", "website", "web", "app", "travel", "coupon",
     "home", "restaurant", "miscellaneous", "new", "other", "unknown", "sale", "click", "view", "cart", "home page"}
)  # fmt: skip
"""Words of other meaning that are also a channel's or a category's name in many shops."""
