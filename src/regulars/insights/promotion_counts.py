"""What is counted of promotions: purchases on them, product-weeks, and what followed first purchases."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import ibis
import ibis.expr.datatypes as dt
from ibis import _

from regulars.core.errors import UsageError
from regulars.insights.dimensions import with_group
from regulars.insights.weeks import product_weeks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import ibis.expr.types as ir
    from ibis.common.deferred import Deferred

    from regulars.insights.activity import Span
    from regulars.insights.sources import Sources
    from regulars.insights.units import Unit

MARKS = (
    "discount",
    "coupon",
    "promotion",
    "promotion_id",
    "promo_code",
    "coupon_code",
    "retail_discount",
    "coupon_discount",
    "coupon_match_discount",
)
"""Properties that say that a purchase was on promotion, unless somebody says others."""
COUNTS: dict[str, dt.DataType] = {
    "part": dt.string,
    "item": dt.string,
    "group": dt.string,
    "week": dt.int64,
    "lines": dt.int64,
    "promoted_lines": dt.int64,
    "quantity": dt.float64,
    "promoted": dt.float64,
    "value": dt.float64,
    "sold": dt.int64,
}
_NAME = re.compile(r"[\w.$ -]{1,64}")


class _Asked(Protocol):
    """What the counting takes of `PromotionResponseParams`."""

    @property
    def from_(self) -> date | None: ...
    @property
    def marks(self) -> tuple[str, ...]: ...
    @property
    def campaign(self) -> bool: ...
    @property
    def min_weeks(self) -> int: ...
    @property
    def again_days(self) -> int: ...
    @property
    def settling_days(self) -> int: ...


def promotion_counts(sources: Sources, by: Unit, span: Span, weeks: Span | None, asked: _Asked) -> ir.Table:
    """Return the counts of three kinds, told apart by `part`, in one table.

    `lines`: of each group, lines, promoted_lines, quantity, promoted (the quantity on promotion), value.
    `week`: the same of each product and week in `weeks`, for products in enough weeks; `sold` as in
    `product_weeks`. `first`: of each group, the customers (`lines`) whose first purchase in it was (`week` 1) or
    was not (0) on promotion, and those who bought again (`promoted_lines`). Other columns are null.
    """
    bought = sources.events.filter(_.kind == "purchase", _.day <= span.last, _.item.notnull())
    bought = bought.mutate(quantity=_.quantity.fill_null(1.0), value=_.value.fill_null(0.0)).filter(_.quantity > 0)
    bought = bought.mutate(on=_on_promotion(asked.marks, campaign=asked.campaign))
    bought = bought.mutate(promoted=_.on.ifelse(_.quantity, 0.0))
    grouped = with_group(sources, bought, "category" if by == "item" else by, span.last)
    shown = grouped.filter(_.day >= asked.from_) if asked.from_ else grouped
    kept = shown.filter(_.day >= weeks.first, _.day <= weeks.last) if weeks else shown.limit(0)
    weekly = product_weeks(kept, asked.min_weeks, promoted_lines=_.on.sum(), promoted=_.promoted.sum())
    weekly = weekly.mutate(part=ibis.literal("week"))
    firsts = _firsts(grouped.mutate(group=_.item) if by == "item" else grouped, span, asked)
    lines = _lines(shown, by)
    return ibis.union(_same(lines), _same(weekly), _same(firsts))


def _on_promotion(marks: Sequence[str], *, campaign: bool) -> Deferred:
    """Say of each purchase whether it was on promotion.

    One regular expression without a backslash, which every engine writes and reads alike.
    """
    for name in marks:
        if not _NAME.fullmatch(name):
            raise UsageError(f"'{name[:80]}' cannot be the name of a property", where="marks")
    if not marks and not campaign:
        raise UsageError(
            "nothing says that a purchase was on promotion", where="marks", fix="Name a property, or set campaign."
        )
    with_campaign = _.campaign.fill_null("") != ""
    if not marks:
        return with_campaign
    names = "|".join(re.sub(r"([.$])", r"[\1]", name) for name in marks)
    number = "-?(?:[1-9]|0[.]0*[1-9])"
    text = '"(?:[^"0]|0[^".]|0[.]0*[1-9])'
    pattern = f'"(?:{names})"[ \t]*:[ \t]*(?:true|{number}|{text})'
    found = _.properties.re_search(pattern).fill_null(False)
    return found | with_campaign if campaign else found


def _lines(shown: ir.Table, by: Unit) -> ir.Table:
    keys = ["item", "group"] if by == "item" else ["group"]
    counted = shown.group_by(keys).aggregate(
        lines=_.count(),
        promoted_lines=_.on.sum(),
        quantity=_.quantity.sum(),
        promoted=_.promoted.sum(),
        value=_.value.sum(),
    )
    return counted.mutate(part=ibis.literal("lines"))


def _firsts(grouped: ir.Table, span: Span, asked: _Asked) -> ir.Table:
    """Count, by whether it was on promotion, first purchases that can be followed, and who bought again."""
    days = grouped.group_by(["subject", "group", "day"]).aggregate(on=_.on.any())
    own = ibis.window(group_by=["subject", "group"], order_by="day")
    first = days.mutate(place=ibis.row_number().over(own), later=_.day.lead().over(own)).filter(_.place == 0)
    begin = max(span.first + timedelta(days=asked.settling_days), asked.from_ or span.first)
    first = first.filter(_.day >= begin, _.day <= span.last - timedelta(days=asked.again_days))
    again = (_.later.epoch_days() - _.day.epoch_days() <= asked.again_days).fill_null(False)
    counted = (
        first.mutate(again=again).group_by(["group", "on"]).aggregate(lines=_.count(), promoted_lines=_.again.sum())
    )
    return counted.mutate(part=ibis.literal("first"), week=_.on.cast("int64"))


def _same(table: ir.Table) -> ir.Table:
    """Return a table with the columns of `COUNTS`; those it lacks are null."""
    return table.select(
        **{name: _[name].cast(kind) if name in table.columns else ibis.null(kind) for name, kind in COUNTS.items()}
    )


__all__ = ["MARKS", "promotion_counts"]
