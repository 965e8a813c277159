"""Headline numbers of answers, with what says how sure each is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from regulars.web.dashboard.grid import number
from regulars.web.values import naming
from regulars.web.wording import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from regulars.core.columns import Format
    from regulars.core.table import Table
    from regulars.web.wording import Words

    Write = Callable[[float | None], str]


class Reading(NamedTuple):
    """One number, its 95% interval and its sample size, where there are any."""

    value: float | None
    low: float | None
    high: float | None
    n: int | None

    @property
    def trend(self) -> str:
        """`up` or `down` for a change whose interval leaves out zero, else nothing."""
        if self.low is None or self.high is None:
            return ""
        return "up" if self.low > 0 else "down" if self.high < 0 else ""


def reading(headline: Mapping[str, Any], name: str) -> Reading:
    """Return one headline number; all None where the answer has none."""
    found: Mapping[str, Any] = headline.get(name) or {}
    return Reading(found.get("value"), found.get("low"), found.get("high"), found.get("n"))


def interval(one: Reading, write: Write, words: Words) -> str:
    """Write the interval, or nothing."""
    if one.low is None or one.high is None:
        return ""
    return words.say("95%% interval %(low)s to %(high)s", low=write(one.low), high=write(one.high))


def sample(one: Reading, words: Words) -> str:
    """Write the sample of customers, or nothing."""
    return words.count("%(n)s customer", "%(n)s customers", one.n) if one.n else ""


class Headline(NamedTuple):
    """One number of an answer, ready to read."""

    label: str
    value: str
    note: str


SAMPLED = {
    "customers": (mark("%(n)s customer"), mark("%(n)s customers")),
    "days": (mark("%(n)s day"), mark("%(n)s days")),
    "weeks": (mark("%(n)s week"), mark("%(n)s weeks")),
    "orders": (mark("%(n)s order"), mark("%(n)s orders")),
    "sessions": (mark("%(n)s session"), mark("%(n)s sessions")),
    "events": (mark("%(n)s event"), mark("%(n)s events")),
    "products": (mark("%(n)s product"), mark("%(n)s products")),
    "reviews": (mark("%(n)s review"), mark("%(n)s reviews")),
    "searches": (mark("%(n)s search"), mark("%(n)s searches")),
    "pairs": (mark("%(n)s pair"), mark("%(n)s pairs")),
    "ties": (mark("%(n)s tie"), mark("%(n)s ties")),
}
"""What a sample consists of → its words for one and for several."""


MADE = (
    mark("Median days until back"), mark("Back the next day"), mark("Back within 7 days"),
    mark("Back within 30 days"), mark("Back within 90 days"), mark("Share that begin there"),
    mark("Share that go no further"), mark("Price elasticity: an association, not an effect"),
    mark("Uplift in weeks on promotion: an association, not an effect"), mark("Products whose price did not move"),
    mark("Products sold in too few weeks"), mark("Brought ÷ invitations"), mark("Share of those brought who bought"),
    mark("Share of other new customers who bought"), mark("How long until they come back"),
    mark("How long sessions are"), mark("How many events sessions have"), mark("Complaints of the last days"),
)  # fmt: skip
"""Names of numbers and plots that questions put together, so that nobody finds them in one place."""


def headline_tiles(table: Table, words: Words, currency: str) -> list[Headline]:
    """Return the numbers of an answer that have a name, each with what says how sure it is."""
    found: list[Headline] = []
    for name, said in table.headline.items():
        if not isinstance(said, dict) or not said.get("label"):
            continue
        one = reading(table.headline, name)
        if isinstance(one.value, str):
            found.append(
                Headline(_label(said["label"], words), naming(words)(one.value), _sampled(one, said["unit"], words))
            )
            continue

        def write(value: float | None, form: Format = said["format"]) -> str:
            return number(form, value, words, currency)

        note = joined(interval(one, write, words), _sampled(one, said["unit"], words))
        found.append(Headline(_label(said["label"], words), write(one.value), note))
    return found


def _label(label: str, words: Words) -> str:
    """Translate a label; one of two parts, such as a series and what is said of it, part by part."""
    return words.say(label) if label in MADE else ": ".join(words.say(part) for part in label.split(": "))


def _sampled(one: Reading, unit: str, words: Words) -> str:
    if one.n is None or unit not in SAMPLED:
        return ""
    return words.count(*SAMPLED[unit], one.n)


def joined(*notes: str) -> str:
    """Put the notes that say something on one line."""
    return " · ".join(note for note in notes if note)
