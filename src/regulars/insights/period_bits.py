"""Which periods a customer was active in, as the bits of whole numbers: one pass over the events, nothing to sort.

Distinct pairs of customer and period make a large hash table; one row a customer makes a small one. A word of
64 bits holds 62 periods (the sign is left alone), so a year of weeks is one number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import ibis
from ibis import _

from regulars.insights.periods import EPOCH, Period, first_day, period_number

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.common.deferred import Deferred

BITS = 62
MOST_WORDS = 4
"""With more words than this, distinct pairs cost less."""
_TOP = 2**BITS


@ibis.udf.agg.builtin(name="bit_or", signature=(("int64",), "int64"))
def _any_of(bits: Any) -> Any:
    """Return the bits that any row has: every engine has it, though Ibis does not know it of each."""


def words_needed(first: int, last: int) -> int:
    """Return how many words hold the periods from `first` to `last`."""
    return -(-(last - first + 1) // BITS)


def cohort_counts(
    chosen: ir.Table, period: Period, first: int, last: int, periods: int, *, whole: bool = False
) -> ir.Table:
    """Count, for each cohort from period `first` on, its customers that were active in it and in later periods.

    Parameters
    ----------
    chosen
        Events, none later than period `last`.
    period, first, last
        Numbered periods (see `regulars.insights.periods`).
    periods
        How many periods later to look.
    whole
        Whether no event lies before period `first`.

    Returns
    -------
    counts
        One row a cohort: cohort (the number of the first active period) and s0, s1, …: how many were active so
        many periods later.
    """
    number = words_needed(first, last)
    if whole and number == 1:
        return _one_word(chosen, period, first, last, periods)
    rows = chosen.select("subject", at=period_number(_.day, period) - first)
    at: Any = rows["at"]
    words = {f"w{word}": _any_of(_bit(at - word * BITS)) for word in range(number)}
    people = rows.group_by("subject").aggregate(begun=_.at.min(), **words).filter(_.begun >= 0)
    counts: dict[str, Any] = {}
    for since in range(min(periods, last - first) + 1):
        # From the customer's own first period on: few sums, however many periods there are.
        begun: Any = people["begun"]
        place = begun + since
        found: Any = 0
        for word in range(number):
            found = found + _has(people[f"w{word}"], place - word * BITS)
        counts[f"s{since}"] = found.sum()
    return people.group_by("begun").aggregate(**counts).mutate(cohort=_.begun + first).drop("begun")


def _one_word(chosen: ir.Table, period: Period, first: int, last: int, periods: int) -> ir.Table:
    """Do the same where every event lies in one word, as it does for a year of weeks: nothing to look after."""
    place = _weeks_since(_.day, first) if period == "week" else period_number(_.day, period) - first
    rows = chosen.select("subject", at=place)
    top: Any = ibis.literal(_TOP, "int64")
    people = rows.group_by("subject").aggregate(
        begun=_.at.min(), word=_any_of(top >> (BITS - cast("Any", rows["at"])).cast("int32"))
    )
    word, begun = cast("Any", people["word"]), cast("Any", people["begun"])
    counts: dict[str, Any] = {}
    for since in range(min(periods, last - first) + 1):
        counts[f"s{since}"] = ((word >> (begun + since).clip(upper=BITS).cast("int32")) & 1).sum()
    return people.group_by("begun").aggregate(**counts).mutate(cohort=_.begun + first).drop("begun")


def _weeks_since(day: Deferred, first: int) -> Deferred:
    """Return the weeks since the numbered week `first`, for at most 62 weeks.

    ⌊x / 7⌋ = ⌊9363 x / 2¹⁶⌋ for 0 ≤ x < 13,107: engines divide by way of floating point, which takes several times as
    long.
    """
    days = day.epoch_days() - (first_day(first, "week") - EPOCH).days
    return (days * 9363) >> 16


def _has(word: Any, place: Any) -> Any:
    """Return 1 where the bit at `place` is set; 0 where it is not or lies outside the word."""
    # The bit above the highest in use is never set: places outside the word look there.
    inside = (place >= 0) & (place < BITS)
    return (word >> inside.ifelse(place, BITS).cast("int32")) & 1


def _bit(place: Any) -> Any:
    """Return the number with one bit at `place`, or 0 where that is outside the word."""
    inside = (place >= 0) & (place < BITS)
    # The highest bit moved down, not the lowest moved up: engines take a small literal for 32 bits.
    top: Any = ibis.literal(_TOP, "int64")
    moved = top >> (BITS - place).cast("int32")
    return inside.ifelse(moved, ibis.literal(0, "int64"))
