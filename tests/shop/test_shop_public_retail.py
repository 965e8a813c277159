"""A real British shop imported through the documentation's mapping, against pandas code on the raw file.

Nothing here but what is under test comes from the product: every expected figure is computed with pandas.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


def test_online_retail_takes_every_line_but_those_without_customer_and_the_tests(public_shops, retail):
    raw, frame = retail
    summary = public_shops["retail"].summaries["online-retail"]
    nobody = int(raw["Customer ID"].isna().sum())
    assert (summary.read, summary.added, summary.rejected) == (len(raw), len(frame), len(raw) - len(frame))
    assert (len(raw), len(frame), nobody) == (525_461, 417_454, 107_927)
    assert summary.reasons == {
        "is missing: nobody knows whose line this is": nobody,
        "is a test or a correction of the books": len(raw) - len(frame) - nobody,
    }


def test_online_retail_cancellations_become_refunds_without_a_sign(public_shops, retail):
    _, frame = retail
    events = public_shops["retail"].events("kind", "quantity", "value", "currency")
    found = events.groupby("kind").agg(lines=("value", "size"), units=("quantity", "sum"), value=("value", "sum"))
    frame = frame.assign(units=frame.Quantity.abs())
    wanted = frame.groupby("kind").agg(lines=("amount", "size"), units=("units", "sum"), value=("amount", "sum"))
    assert found.lines.to_dict() == wanted.lines.to_dict()
    assert found.lines.refund > 9_000
    np.testing.assert_allclose(found[["units", "value"]], wanted[["units", "value"]], rtol=1e-12)
    assert set(events.currency) == {"GBP"}


@pytest.mark.parametrize("on", ["2010-01-31", "2010-06-15", "2010-12-09"])
def test_online_retail_daily_weekly_and_monthly_customers(public_shops, retail, on):
    _, frame = retail
    rows = public_shops["retail"].ask("stickiness", from_=on, to=on)
    (row,) = rows.to_dict("records")
    for name, width in (("dau", 1), ("wau", 7), ("mau", 28)):
        inside = (frame.day <= day(on)) & (frame.day > day(on) - timedelta(days=width))
        assert row[name] == frame[inside].who.nunique(), name
    assert row["mau"] > 500


def test_online_retail_weekly_retention_in_every_cell(public_shops, retail):
    _, frame = retail
    weeks = frame.assign(week=(frame.day - day("2009-11-30")).dt.days // 7)[["who", "week"]].drop_duplicates()
    weeks["first"] = weeks.groupby("who").week.transform("min")
    cells = weeks.assign(since=weeks.week - weeks["first"]).groupby(["first", "since"]).who.nunique()
    complete = (frame.day.max() - day("2009-11-30")).days // 7
    if frame.day.max().weekday() != 6:
        complete -= 1
    sizes = cells.xs(0, level="since")
    wanted = {
        (start, since): (size, cells.get((start, since), 0))
        for start, size in sizes.items()
        for since in range(13)
        if start + since <= complete
    }
    rows = public_shops["retail"].ask("retention")
    starts = (pd.to_datetime(rows.cohort) - day("2009-11-30")).dt.days // 7
    keys = zip(starts, rows.period, strict=True)
    found = dict(zip(keys, zip(rows.customers, rows.returned, strict=True), strict=True))
    assert found == wanted
    assert len(found) > 500


def test_online_retail_orders_buyers_and_revenue_of_every_month(public_shops, retail):
    _, frame = retail
    sales = frame[frame.kind == "purchase"]
    first_days = sales.groupby(["who", "Invoice"]).agg(day=("day", "min"), spend=("amount", "sum")).reset_index()
    months = first_days.groupby(first_days.day.dt.to_period("M")).agg(
        orders=("Invoice", "size"), buyers=("who", "nunique"), revenue=("spend", "sum")
    )
    rows = public_shops["retail"].ask("orders", period="month")
    assert [p.start_time.date() for p in months.index] == list(rows.period)
    assert rows.orders.tolist() == months.orders.tolist()
    assert rows.buyers.tolist() == months.buyers.tolist()
    np.testing.assert_allclose(rows.revenue, months.revenue, rtol=1e-9)
    assert len(rows) == 13


def test_online_retail_customers_won_and_lost_by_month(public_shops, retail):
    _, frame = retail
    by_month = frame.groupby(frame.day.dt.to_period("M")).who.agg(set)
    rows = public_shops["retail"].ask("lifecycle", period="month").set_index("period")
    seen: set[str] = set()
    before: set[str] = set()
    for month, here in by_month.items():
        row = rows.loc[month.start_time.date()]
        assert row.new == len(here - seen)
        assert row.returning == len(here & before)
        assert row.resurrected == len((here & seen) - before)
        if month.end_time.date() <= frame.day.max().date():
            assert row.dormant == -len(before - here)
        seen, before = seen | here, here
    assert len(rows) == len(by_month)


def test_online_retail_regularity_of_the_last_four_weeks(public_shops, retail):
    _, frame = retail
    recent = frame[frame.day > frame.day.max() - timedelta(days=28)]
    counts = recent.groupby("who").day.nunique().value_counts()
    rows = public_shops["retail"].ask("days-active").set_index("days")
    assert rows.customers.to_dict() == {n: int(counts.get(n, 0)) for n in range(1, 29)}


def test_online_retail_customers_by_segment(public_shops, retail):
    _, frame = retail
    assert public_shops["retail"].shop.segments() == _segments(frame)


def test_online_retail_orders_of_the_largest_countries(public_shops, retail):
    _, frame = retail
    sales = frame[frame.kind == "purchase"]
    largest = sales.groupby("Country").amount.sum().nlargest(6)
    assert largest.index[:2].tolist() == ["United Kingdom", "EIRE"]
    for country, revenue in largest.items():
        rows = public_shops["retail"].ask("orders", period="month", where=f"country={country}")
        assert rows.revenue.sum() == pytest.approx(revenue)
        assert rows.orders.sum() == sales[sales.Country == country].groupby("who").Invoice.nunique().sum()


def test_online_retail_catalogue_has_the_last_title_and_price(public_shops, retail):
    raw, frame = retail
    lines = raw.loc[frame.index[frame.kind != "fee"]]
    last = lines.drop_duplicates("StockCode", keep="last").set_index("StockCode").sort_index()
    items = public_shops["retail"].items().set_index("item").sort_index()
    assert items.index.tolist() == last.index.tolist()
    assert items.price.tolist() == last.Price.tolist()
    assert items.title.tolist() == last.Description.str.strip().tolist()


def _segments(frame: pd.DataFrame) -> dict[str, int]:
    """Count customers by the rules of the documentation: rhythm from three active days, bounds 14 and 60 days."""
    last = frame.day.max()
    days = frame.groupby("who").day.agg(lambda seen: sorted(set(seen)))
    gaps = days.map(lambda seen: float(np.median(np.diff(seen) / np.timedelta64(1, "D"))) if len(seen) > 1 else np.nan)
    usual = gaps[days.map(len) >= 3].median()
    counts = dict.fromkeys(("new", "regular", "slipping", "lost", "one-time"), 0)
    for who, seen in days.items():
        gap = min(max(gaps[who] if len(seen) >= 3 else usual, 14), 60)
        away = (last - seen[-1]).days
        if (last - seen[0]).days < 28:
            counts["new"] += 1
        elif len(seen) == 1:
            counts["one-time"] += 1
        elif away <= 2 * gap:
            counts["regular"] += 1
        elif away <= 4 * gap:
            counts["slipping"] += 1
        else:
            counts["lost"] += 1
    return counts
