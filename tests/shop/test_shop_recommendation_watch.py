"""Live quality of recommendations: usual while customers go on as they did, an alarm when their habits turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from regulars.core.alerts import RECOMMENDATIONS
from regulars.core.schema import EVENTS
from regulars.core.settings import AlertSettings, LearnSettings, Settings, ShopSettings
from regulars.interests import Interactions
from regulars.interests.interactions import Histories
from regulars.interests.popularity import Popularity
from regulars.interests.replay import daily_hits
from regulars.recommend import numbered_like
from regulars.shop import Shop
from regulars.shop.recommendation_watch import RecommendationWatch
from regulars.store.alerts import AlertBook

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2024, 1, 1, tzinfo=UTC)
LEARNED, LATER, TURNED = 60, 10, 2
"""Days that are learned from, days after that are alike, days on which everything is different."""
CUSTOMERS, ITEMS, GROUPS = 60, 200, 10


def day_of(number: int, source: np.random.Generator, *, turned: bool = False) -> list[dict[str, Any]]:
    """Return a day on which two in three buy an item of their own twenty; after the turn an item of the others'."""
    rows: list[dict[str, Any]] = []
    at = START + timedelta(days=number, hours=12)
    for customer in range(CUSTOMERS):
        if source.random() < 0.33:
            continue
        group = customer % GROUPS
        group = (group + 1 + int(source.integers(GROUPS - 1))) % GROUPS if turned else group
        # Half of all purchases are of five favourites in twenty.
        item = group * 20 + int(source.integers(5 if source.random() < 0.5 else 20))
        base = dict.fromkeys(EVENTS.names) | {"time": at + timedelta(minutes=customer), "day": at.date()}
        rows.append(
            base | {"id": f"e{number}-{customer}", "subject": f"c{customer}", "kind": "purchase", "item": f"i{item}",
                    "value": 1.0, "session": f"s{number}-{customer}"}
        )  # fmt: skip
    return rows


def watch(shop: Shop) -> RecommendationWatch:
    return RecommendationWatch(shop, AlertBook(shop.vault.state, "Tea house", writes=False))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    settings = Settings(
        shop=ShopSettings(name="Tea house"),
        learn=LearnSettings(models=("repeat", "covisitation", "knn", "popularity")),
        alerts=AlertSettings(series=(RECOMMENDATIONS,)),
    )
    source = np.random.default_rng(5)
    with Shop.create(tmp_path_factory.mktemp("watch") / "shop", settings) as made:
        _ = made.keyring.create("write")
        first = [row for day in range(LEARNED) for row in day_of(day, source)]
        made.store.append_events([pa.Table.from_pylist(first, schema=EVENTS)])
        assert [one.state for one in watch(made).stand(START + timedelta(days=LEARNED))] == ["absent", "absent"]
        _ = made.learn()
        # All days so far were learned from: none of them says anything.
        assert [one.state for one in watch(made).stand(START + timedelta(days=LEARNED))] == ["learning", "learning"]
        later = [row for day in range(LEARNED, LEARNED + LATER) for row in day_of(day, source)]
        later += [
            row for day in range(LEARNED + LATER, LEARNED + LATER + TURNED) for row in day_of(day, source, turned=True)
        ]
        made.store.append_events([pa.Table.from_pylist(later, schema=EVENTS)])
        yield made


def moment(day: int) -> datetime:
    """Return a while after the end of a day."""
    return START + timedelta(days=day + 1, minutes=10)


def test_an_alarm_comes_when_habits_turn_and_not_before(shop: Shop) -> None:
    """Ten usual days raise nothing; on the first day of other habits an alert opens, once, and goes on."""
    for day in range(LEARNED, LEARNED + LATER):
        assert shop.alerts.check(moment(day)) == []
        assert shop.alerts.check(moment(day) + timedelta(hours=1)) == []
    usual = {one.hours: one for one in shop.alerts.standing()}
    assert usual[24].state == "watched"
    assert (usual[24].low or 1) < (usual[24].observed or 0)
    assert (usual[24].expected or 0) > 0.5
    raised = shop.alerts.check(moment(LEARNED + LATER))
    assert [(alert.series, alert.falls) for alert in raised] == [(RECOMMENDATIONS, True)]
    assert raised[0].observed < raised[0].low < raised[0].expected
    assert shop.alerts.check(moment(LEARNED + LATER + 1)) == []
    assert [alert.id for alert in shop.alerts.open()] == [raised[0].id]


def test_cards_hold_the_days_that_live_days_are_held_against(shop: Shop) -> None:
    """The blend's card has hits and customers of the first held-out days."""
    daily = shop.models()[0].quality["daily"]
    assert len(daily) == 14
    assert all(0 <= hits <= asked for hits, asked in daily)
    assert sum(hits for hits, _ in daily) > 0.5 * sum(asked for _, asked in daily)


def test_replayed_hits_by_hand() -> None:
    """Popular item 0 is what one of two customers chose; an item that the model never saw counts as missed."""
    rows, times = [[0, 1, 0], [0, 1, 3], [2]], [[0, 1, 100], [0, 2, 110], [0]]
    data = Interactions(["a", "b", "c"], ["w", "x", "y", "z"], Histories.of(rows, times))
    known = Interactions(["a", "b", "c"], ["w", "x", "y"], Histories.of([[0, 1], [0, 1], [2]]))
    model = Popularity().fit(known)
    assert daily_hits(model, data, [(100, 200), (200, 300)], exclude_known=False, customers=9) == [(1, 2), (0, 0)]
    assert daily_hits(model, data, [(100, 200)], exclude_known=False, customers=1)[0][1] == 1


def test_new_items_follow_those_that_are_known() -> None:
    """Names keep their numbers, whatever order the new events would give them."""
    known = Interactions(["a"], ["m", "z"], Histories.of([[0, 1]]), kinds=("view", "purchase"))
    events = pa.table(
        {
            "subject": ["a", "a", "b"], "item": ["z", "k", "m"], "kind": ["purchase", "purchase", "click"],
            "time": pa.array([START, START + timedelta(seconds=1), START], pa.timestamp("us", tz="UTC")),
        }
    )  # fmt: skip
    found = numbered_like(known, events)
    assert found.items == ["m", "z", "k"]
    assert found.histories.row(0).items.tolist() == [1, 2]
    assert found.histories.row(1).items.tolist() == [0]
    assert found.kinds == ("view", "purchase", "click")
