"""Claim: alerts stay within one false alarm a series and month and notice a halved shop, unlike two common rules.

Real hours of two shops. Every limit uses only what came before it. Without an incident every alarm counts as false,
holidays included: what is wrong on Christmas Day is the calendar. An alarm that goes on is one; how many days of a
month a rule is in alarm says what that hides. Incidents are injected at 400 random hours of the shop's busy half and
last a day: orders are thinned at random, revenue scaled, spikes double what there is. `noticed` is the share with an
alarm during the incident, `median_hours_until` how soon. A rule that is always in alarm notices everything.
"""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from regulars.events import find_complete_journey
from regulars.insights.seasonal import DAY, WEEK, expectation, limits, noise, sees, trailing

DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
Floats = NDArray[np.float64]
WARM_WEEKS = 8
WINDOWS = (1, 24)
TRIES = 400
LASTS = 24
INCIDENTS = {"drop of 30%": 0.7, "drop of 50%": 0.5, "drop of 80%": 0.2, "spike × 2": 2.0}
HOLIDAYS = {
    "online_retail": ["2010-04-02", "2010-04-05", "2010-05-03", "2010-05-31", "2010-08-30"],
    "complete_journey": ["2017-04-16", "2017-05-29", "2017-07-04", "2017-09-04", "2017-11-23", "2017-11-22",
                         "2017-12-24", "2017-12-25", "2017-12-31"],
}  # fmt: skip


class Bounds(NamedTuple):
    """Limits of every hour's trailing sum, NaN where a rule says nothing."""

    low: Floats
    high: Floats
    hours: int = 1


def online_retail() -> duckdb.DuckDBPyRelation:
    path = DATA / "online_retail_2009_2010" / "online_retail.parquet"
    return (
        duckdb.read_parquet(str(path))
        .filter("NOT starts_with(Invoice::VARCHAR, 'C')")
        .project("InvoiceDate::TIMESTAMP AS time, Invoice::VARCHAR AS basket, Quantity * Price AS value")
    )


def complete_journey() -> duckdb.DuckDBPyRelation:
    path = find_complete_journey() / "transactions.parquet"
    columns = "transaction_timestamp::TIMESTAMP AS time, basket_id::VARCHAR AS basket, sales_value AS value"
    return duckdb.read_parquet(str(path)).project(columns)


def hourly(rows: duckdb.DuckDBPyRelation) -> tuple[np.datetime64, dict[str, Floats]]:
    """Return the first day, and orders and revenue of every hour since, whole days."""
    hour = "date_trunc('hour', time)"
    columns = f"{hour} AS hour, count(DISTINCT basket) AS orders, greatest(sum(value), 0) AS revenue"
    found = rows.aggregate(columns, hour).order("hour").fetchnumpy()
    first = found["hour"].min().astype("datetime64[D]")
    at = ((found["hour"] - first) / np.timedelta64(1, "h")).astype(int)
    steps = 24 * (int(at.max()) // 24 + 1)
    filled = {name: np.zeros(steps) for name in ("orders", "revenue")}
    for name, series in filled.items():
        series[at] = found[name].astype(float)
    return first, filled


def seasonal(values: Floats, hours: int, budget: float) -> Bounds:
    sums, expected = trailing(values, hours), trailing(expectation(values), hours)
    low, high = np.full(len(values), np.nan), np.full(len(values), np.nan)
    for start in range(WARM_WEEKS * WEEK, len(values), DAY):
        found = noise(sums[:start], expected[:start], hours, alarms=budget)
        if found is not None and sees(expected[:start], found):
            here = slice(start, start + DAY)
            low[here], high[here] = limits(expected[here], found)
    return Bounds(low, high, hours)


def three_sigma(values: Floats) -> Bounds:
    """Return the mean ± 3 standard deviations of all hours of the last eight weeks."""
    low, high = np.full(len(values), np.nan), np.full(len(values), np.nan)
    for at in range(WARM_WEEKS * WEEK, len(values)):
        past = values[at - WARM_WEEKS * WEEK : at]
        low[at], high[at] = past.mean() - 3 * past.std(), past.mean() + 3 * past.std()
    return Bounds(low, high)


def last_week(values: Floats) -> Bounds:
    """Return the same hour last week ± 50%."""
    low, high = np.full(len(values), np.nan), np.full(len(values), np.nan)
    start = WARM_WEEKS * WEEK
    low[start:], high[start:] = 0.5 * values[start - 168 : -168], 1.5 * values[start - 168 : -168]
    return Bounds(low, high)


def alarms(values: Floats, bounds: list[Bounds]) -> NDArray[np.bool_]:
    """Return after which hours an alarm is raised."""
    found = np.zeros(len(values), dtype=bool)
    for low, high, hours in bounds:
        sums = trailing(values, hours)
        with np.errstate(invalid="ignore"):
            found |= (sums < low) | (sums > high)
    return found


def episodes(flags: NDArray[np.bool_]) -> list[int]:
    """Return the first hour of each alarm; what follows within a day belongs to it."""
    found: list[int] = []
    last = -(10**9)
    for at in np.flatnonzero(flags):
        if at - last > LASTS:
            found.append(int(at))
        last = int(at)
    return found


def detection(values: Floats, bounds: list[Bounds], source: np.random.Generator, *, counts: bool) -> dict[str, Any]:
    start = WARM_WEEKS * WEEK
    usual = np.array([np.median(values[at % 168 :: 168]) for at in range(len(values))])
    busy = np.flatnonzero(usual[: -2 * LASTS] > np.median(usual[usual > 0]) * 0.999)
    busy = busy[busy >= start + 7 * 24]
    chosen = source.choice(busy, TRIES)
    found: dict[str, Any] = {}
    for name, factor in INCIDENTS.items():
        delays: list[int] = []
        for at in chosen:
            day = int(at) // DAY * DAY - DAY
            changed = values[day : day + 4 * DAY].copy()
            part = slice(int(at) - day, int(at) - day + LASTS)
            if factor > 1 or not counts:
                changed[part] *= factor
            else:
                changed[part] = source.binomial(changed[part].astype(int), factor)
            local = [Bounds(low[day : day + 4 * DAY], high[day : day + 4 * DAY], hours) for low, high, hours in bounds]
            hits = np.flatnonzero(alarms(changed, local)[part])
            if len(hits):
                delays.append(int(hits[0]) + 1)
        found[name] = {
            "noticed": round(len(delays) / TRIES, 3),
            "median_hours_until": float(median(delays)) if delays else None,
        }
    return found


def judged(name: str, first: np.datetime64, values: Floats, unit: float, *, counts: bool) -> dict[str, Any]:
    arrivals = values / unit
    parts = [seasonal(arrivals, hours, 1.0 / len(WINDOWS)) for hours in WINDOWS]
    rules = {"seasonal": parts, "mean ± 3σ": [three_sigma(arrivals)], "last week ± 50%": [last_week(arrivals)]}
    months = (len(values) - WARM_WEEKS * WEEK) / 24 / 30.4
    source = np.random.default_rng(7)
    found: dict[str, Any] = {
        "mean_a_day": round(float(values.mean() * 24), 1),
        "watched": {str(p.hours): round(float(np.mean(~np.isnan(p.low[WARM_WEEKS * WEEK :]))), 3) for p in parts},
    }
    for rule, bounds in rules.items():
        raised = alarms(arrivals, bounds)
        starts = episodes(raised)
        dates = [str((first + np.timedelta64(at, "h")).astype("datetime64[D]")) for at in starts]
        found[rule] = {
            "false_alarms_a_month": round(len(starts) / months, 2),
            "days_in_alarm_a_month": round(float(raised.reshape(-1, DAY).any(axis=1).sum()) / months, 1),
            "of_them_on_holidays": len(set(dates) & set(HOLIDAYS[name])),
            "alarm_days": dates if rule == "seasonal" else len(dates),
            "incidents": detection(arrivals, bounds, source, counts=counts),
        }
    return found


def run() -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, rows in {"online_retail": online_retail(), "complete_journey": complete_journey()}.items():
        first, series = hourly(rows)
        worth = series["revenue"].sum() / series["orders"].sum()
        result[name] = {
            "orders": judged(name, first, series["orders"], 1.0, counts=True),
            "revenue": judged(name, first, series["revenue"], worth, counts=False),
        }
    return {"budget_a_month": 1.0, "tries": TRIES, "shops": result}
