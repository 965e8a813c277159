"""Rules of who belongs to a group, as a person writes them.

    purchase >= 3 in 90 days            at least 3 purchases in the last 90 days (<=, <, >, = likewise)
    view in 2024-01-01..2024-03-31      at least one view between these days, both included; one may be left out
    no activity in 30 days              nothing at all in the last 30 days
    spend >= 100 in 365 days            orders worth at least 100 together
    first seen 2024-01-01..2024-03-31   first activity between these days; or: first seen in 30 days
    country=CN|JP                       at least one event from there; country!=CN: none from there
    segment=slipping, rfm=At risk, attribute:tier=gold, cohort:NAME=in

A purchase is an order: its lines are not counted one by one. `activity` is every kind together. Without `in …`
all of history counts. 'The last D days' are the last day with activity and the D − 1 before it.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Literal, NamedTuple, TypeAlias, cast

from regulars.core.errors import RegularsError, UsageError
from regulars.events.vocabulary import BY_SHOP
from regulars.insights.dimensions import is_of_customers
from regulars.insights.where import NUMBERS, read_condition

Operator = Literal[">=", "<=", ">", "<", "="]
ANY_KIND = "activity"
SPEND = "spend"
MOST_DAYS = 36_500
LONGEST = 300
TIMES_DIGITS = 9
"""Digits of a number of times: engines count in 64 bits."""
_DAY = r"\d{4}-\d{2}-\d{2}"
_WINDOW = rf"(?:in\s+(?P<days>\d{{1,6}})\s+days?|(?:in\s+)?(?P<first>{_DAY})?\.\.(?P<last>{_DAY})?)"
_FIRST_SEEN = re.compile(rf"first\s+seen\s+{_WINDOW}")
_NONE = re.compile(rf"no\s+(?P<name>[\w.-]+)(?:\s+{_WINDOW})?")
_COUNT = re.compile(rf"(?P<name>[\w.-]+)(?:\s*(?P<operator>>=|<=|=|>|<)\s*(?P<number>\d+(?:\.\d+)?))?(?:\s+{_WINDOW})?")
EXAMPLES = "purchase >= 3 in 90 days, no view in 30 days, spend >= 100, first seen 2024-01-01..2024-03-31, country=CN"


class Window(NamedTuple):
    """Days that count: the last so many, or from one day to another; all where nothing is said."""

    days: int | None = None
    first: date | None = None
    last: date | None = None

    def __str__(self) -> str:
        if self.days is not None:
            return f" in {self.days} day{'s' if self.days != 1 else ''}"
        if self.first is None and self.last is None:
            return ""
        return f" in {self.first or ''}..{self.last or ''}"


class Did(NamedTuple):
    """How often a customer did something."""

    kind: str
    operator: Operator
    times: int
    window: Window

    def __str__(self) -> str:
        if (self.operator, self.times) == ("=", 0):
            return f"no {self.kind}{self.window}"
        return f"{self.kind} {self.operator} {self.times}{self.window}"


class Spent(NamedTuple):
    """What a customer's orders are worth together; 0 without orders."""

    operator: Operator
    amount: float
    window: Window

    def __str__(self) -> str:
        return f"{SPEND} {self.operator} {self.amount:.12g}{self.window}"


class FirstSeen(NamedTuple):
    """When a customer was first active."""

    window: Window

    def __str__(self) -> str:
        return f"first seen{self.window}" if self.window.days else f"first seen{self.window}".replace(" in ", " ")


class Is(NamedTuple):
    """A condition on a dimension: of a customer, or of at least one event of theirs; `negated`: of none."""

    name: str
    operator: str
    values: tuple[str, ...]
    negated: bool

    def __str__(self) -> str:
        return f"{self.name}{'!=' if self.negated else self.operator}{'|'.join(self.values)}"


Rule: TypeAlias = Did | Spent | FirstSeen | Is


def read_rule(text: str) -> Rule:
    """Read one rule.

    Raises
    ------
    UsageError
        It cannot be read; the message begins with the rule.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise UsageError(f"'{text[:40]}…': a rule has at most {LONGEST} characters", where="rules")
    try:
        return _read(text)
    except (RegularsError, ValueError) as error:
        said = error.message if isinstance(error, RegularsError) else str(error)
        fix = error.fix if isinstance(error, RegularsError) else ""
        raise UsageError(f"'{text[:80]}': {said}", where="rules", fix=fix or f"For example: {EXAMPLES}.") from None


def read_rules(texts: list[str] | tuple[str, ...]) -> list[Rule]:
    """Read rules that all hold together.

    Raises
    ------
    UsageError
        One cannot be read; `where` is `rules[0]`, `rules[1]` and so on.
    """
    found: list[Rule] = []
    for at, text in enumerate(texts):
        try:
            found.append(read_rule(text))
        except UsageError as error:
            raise UsageError(error.message, where=f"rules[{at}]", fix=error.fix) from None
    return found


def _read(text: str) -> Rule:
    if found := _FIRST_SEEN.fullmatch(text):
        window = _window(found)
        if window == Window():
            raise UsageError("says no day")
        return FirstSeen(window)
    if found := _NONE.fullmatch(text):
        return Did(_kind(found["name"]), "=", 0, _window(found))
    found = _COUNT.fullmatch(text)
    # 'kind=view' and 'value>=10' look alike to a count; what is a dimension or a number is one.
    if found is None or _is_condition(found["name"]):
        return _condition(text)
    operator = cast("Operator", found["operator"] or ">=")
    if found["name"] == SPEND:
        if found["number"] is None:
            raise UsageError("says no amount")
        return Spent(operator, float(found["number"]), _window(found))
    number = found["number"] or "1"
    if not number.isdecimal() or len(number) > TIMES_DIGITS:
        raise UsageError(f"{number} times is not a number of times")
    return Did(_kind(found["name"]), operator, int(number), _window(found))


def _is_condition(name: str) -> bool:
    if name in NUMBERS:
        return True
    try:
        _ = is_of_customers(name)
    except UsageError:
        return False
    return True


def _condition(text: str) -> Is:
    name, operator, values = read_condition(text)
    negated = operator == "!="
    return Is(name, "=" if negated else operator, values, negated)


def _kind(name: str) -> str:
    if name in BY_SHOP:
        raise UsageError(f"'{name}' is done by the shop, not by customers")
    if name == SPEND:
        raise UsageError("write it as: spend = 0")
    return name


def _window(found: re.Match[str]) -> Window:
    if found["days"] is not None:
        days = int(found["days"])
        if not 1 <= days <= MOST_DAYS:
            raise UsageError(f"{days} days is not between 1 and {MOST_DAYS}")
        return Window(days=days)
    first, last = (date.fromisoformat(day) if day else None for day in (found["first"], found["last"]))
    if first is not None and last is not None and first > last:
        raise UsageError(f"{first} is later than {last}")
    return Window(first=first, last=last)
