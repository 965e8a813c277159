"""The overview's plots: each answers a question, says how sure it is, and leads somewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from regulars.web.dashboard.grid import Grid, cohort_grid, grid
from regulars.web.dashboard.readings import interval, reading, sample
from regulars.web.wording import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from regulars.core.table import Table
    from regulars.web.wording import Words

    Tell = Callable[[Mapping[str, Any], Words, str], str]


@dataclass(frozen=True)
class Card:
    """One plot with its question, its answer in words, its rows and the next thing to do."""

    name: str
    question: str
    meaning: str
    answer: str
    rows: Grid
    action: str
    href: str
    wide: bool = False


class _Plan(NamedTuple):
    tell: Tell
    action: str
    href: str
    wide: bool = False


def cards(
    answers: Mapping[str, Table], questions: Mapping[str, Mapping[str, Any]], words: Words, currency: str
) -> list[Card]:
    """Return the plots of the page, in the order of its questions."""
    made: list[Card] = []
    for name, plan in _PLANS.items():
        table, about = answers[name], questions[name]
        rows = cohort_grid if name == "retention" else grid
        made.append(
            Card(
                name=name,
                question=words.say(about["title"]),
                meaning=words.say(about["description"]),
                answer=plan.tell(table.headline, words, currency),
                rows=rows(table, words, currency),
                action=words.say(plan.action),
                href=plan.href,
                wide=plan.wide,
            )
        )
    return made


def told(table: Table, words: Words, currency: str) -> str:
    """Return an answer as a sentence, where there is one for its question."""
    plan = _PLANS.get(table.name)
    return plan.tell(table.headline, words, currency) if plan else ""


def _with_interval(text: str, sure: str, words: Words) -> str:
    return (
        words.say("%(text)s (%(interval)s).", text=text, interval=sure) if sure else words.say("%(text)s.", text=text)
    )


def _stickiness(headline: Mapping[str, Any], words: Words, _: str) -> str:
    ratio, change = reading(headline, "stickiness"), reading(headline, "stickiness_change")
    if ratio.value is None:
        return words.say("It takes four weeks of events to say.")
    text = words.say("On a typical day %(share)s of the month's customers come", share=words.share(ratio.value))
    if change.value is None:
        return words.say("%(text)s.", text=text)
    verdict = {
        "up": words.say("more than in the four weeks before"),
        "down": words.say("less than in the four weeks before"),
        "": words.say("no clear change on the four weeks before"),
    }[change.trend]
    return words.say("%(text)s: %(verdict)s.", text=text, verdict=verdict)


def _retention(headline: Mapping[str, Any], words: Words, _: str) -> str:
    week = reading(headline, "week_4")
    if week.value is None:
        return words.say("No group of new customers has reached its fourth week.")
    text = words.say(
        "Of %(customers)s, %(share)s are back in week 4", customers=sample(week, words), share=words.share(week.value)
    )
    return _with_interval(text, interval(week, words.share, words), words)


def _lifecycle(headline: Mapping[str, Any], words: Words, _: str) -> str:
    ratio = reading(headline, "quick_ratio")
    if ratio.value is None:
        return words.say("It takes two full weeks of events to say.")
    return words.say(
        "In the last full week %(ratio)s customers were won for each one lost; %(customers)s came or went.",
        ratio=words.number(ratio.value, 2),
        customers=sample(ratio, words),
    )


def _orders(headline: Mapping[str, Any], words: Words, currency: str) -> str:
    count, revenue = reading(headline, "orders"), reading(headline, "revenue")
    average, code = reading(headline, "average_order_value"), str(reading(headline, "currency").value or currency)
    if not count.value:
        return words.say("No orders yet.")
    text = words.say(
        "%(orders)s worth %(revenue)s, %(average)s each on average",
        orders=words.count("%(n)s order", "%(n)s orders", int(count.value)),
        revenue=words.money(revenue.value, code),
        average=words.money(average.value, code),
    )
    return _with_interval(text, interval(average, lambda v: words.money(v, code), words), words)


def _days_active(headline: Mapping[str, Any], words: Words, _: str) -> str:
    people, days, again = (reading(headline, name) for name in ("customers", "mean_days", "more_than_once"))
    if not people.value:
        return words.say("Nobody came in the last days.")
    text = words.say(
        "%(customers)s came, on %(days)s days each on average; %(share)s came on more than one day",
        customers=words.count("%(n)s customer", "%(n)s customers", int(people.value)),
        days=words.number(days.value, 1),
        share=words.share(again.value),
    )
    return _with_interval(text, interval(again, words.share, words), words)


_CUSTOMERS = "/dashboard/customers"
_PLANS: dict[str, _Plan] = {
    "stickiness": _Plan(_stickiness, mark("See the regulars"), f"{_CUSTOMERS}?segment=regular", wide=True),
    "lifecycle": _Plan(_lifecycle, mark("See who is slipping"), f"{_CUSTOMERS}?segment=slipping"),
    "retention": _Plan(_retention, mark("See new customers"), f"{_CUSTOMERS}?segment=new"),
    "orders": _Plan(_orders, mark("See who spends most"), f"{_CUSTOMERS}?sort=spend"),
    "days-active": _Plan(_days_active, mark("See who came only once"), f"{_CUSTOMERS}?segment=one-time"),
}
