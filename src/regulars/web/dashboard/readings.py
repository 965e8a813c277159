"""Headline numbers of answers, with what says how sure each is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


def joined(*notes: str) -> str:
    """Put the notes that say something on one line."""
    return " · ".join(note for note in notes if note)
