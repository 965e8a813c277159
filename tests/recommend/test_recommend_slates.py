"""Slates: whom they are for, what they hold, and that their reasons are true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from regulars.core.errors import NotFoundError, UsageError
from regulars.interests import Histories, Interactions
from regulars.recommend.repeats import allows_repeats, repeat_share

if TYPE_CHECKING:
    from regulars.shop import Shop

DAY = 86_400


def test_a_grocer_recommends_what_is_bought_again(shop: Shop) -> None:
    """With 'auto' this shop's repeats are seen, and a customer's staples come first with their rhythm."""
    slate = shop.recommend(user="c003", n=4)
    assert slate.kind == "customer"
    assert not slate.fallback
    lines = shop.customer("c003", events=10_000).history
    bought = {line.item: sum(other.item == line.item for other in lines) for line in lines}
    for item in slate.items:
        if item.reason.code == "buy_again":
            assert item.reason.facts["times"] <= bought[item.item]
            assert item.reason.facts["days_ago"] >= 0
    assert slate.items[0].reason.code == "buy_again"


def test_scores_fall_and_their_parts_explain_them(shop: Shop) -> None:
    """Between two items of a slate, the difference of scores is the difference of the sums of parts."""
    items = shop.recommend(user="c010", n=8).items
    scores = [item.score for item in items]
    assert scores == sorted(scores, reverse=True)
    sums = [sum(item.parts.values()) for item in items]
    np.testing.assert_allclose(np.diff(sums), np.diff(scores), atol=2e-3)


def test_what_goes_with_an_item(shop: Shop) -> None:
    """Item 6 was added whenever item 5 was bought: it is what comes first, and the item itself never."""
    slate = shop.recommend(item="i05", n=5)
    assert slate.kind == "item"
    assert slate.items[0].item == "i06"
    assert slate.items[0].reason.code in {"bought_next", "bought_with"}
    assert slate.items[0].reason.facts["item"] == "i05"
    assert "i05" not in [item.item for item in slate.items]


def test_an_anonymous_basket(shop: Shop) -> None:
    """Items of the basket are not offered again; unknown ones are passed over."""
    slate = shop.recommend(basket=["i05", "i10", "no such thing"], n=6)
    names = [item.item for item in slate.items]
    assert len(names) == len(set(names)) == 6
    assert {"i05", "i10"}.isdisjoint(names)
    assert {"i06", "i11"} <= set(names)


def test_nobody_gets_an_empty_slate(shop: Shop) -> None:
    """An unknown customer and an empty basket get what is popular, and are told so."""
    for slate in (shop.recommend(user="stranger"), shop.recommend(basket=[]), shop.recommend(basket=["?"])):
        assert slate.fallback
        assert len(slate.items) == 10
        assert slate.items[0].reason.code == "popular"


def test_every_slate_is_its_own_decision(shop: Shop) -> None:
    """Ids differ and the policy names the models' version."""
    first, second = shop.recommend(user="c001"), shop.recommend(user="c001")
    assert first.decision != second.decision
    assert first.policy == second.policy
    assert first.policy.endswith(shop.models()[0].version)


def test_misuse_is_refused(shop: Shop) -> None:
    """None or two of user, item and basket; a size out of range; an item nobody knows."""
    with pytest.raises(UsageError):
        shop.recommend()
    with pytest.raises(UsageError):
        shop.recommend(user="c001", item="i01")
    with pytest.raises(UsageError):
        shop.recommend(user="c001", n=0)
    with pytest.raises(NotFoundError):
        shop.recommend(item="never sold")


def test_repeats_are_counted_across_baskets_only() -> None:
    """Two of one item in a basket are no repeat; the same item a week later is; one in four here."""
    histories = Histories.of([[0, 0, 1, 0]], [[0, 0, 0, 7 * DAY]])
    purchases = Interactions(["a"], ["x", "y"], histories)
    assert repeat_share(purchases) == 0.25
    assert allows_repeats("auto", purchases)
    assert not allows_repeats("exclude", purchases)
    once = Interactions(["a"], ["x", "y"], Histories.of([[0, 1]], [[0, DAY]]))
    assert not allows_repeats("auto", once)
    assert allows_repeats("allow", once)


def test_a_bookshop_does_not_offer_what_was_bought(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With repeat = 'exclude' no slate holds an item of the customer's history."""
    import msgspec

    from regulars.core.settings import RecommendSettings
    from regulars.recommend import Recommendations, learn

    settings = msgspec.structs.replace(shop.settings, recommend=RecommendSettings(repeat="exclude"))
    events = shop.store.run(shop.store.table("events").select("subject", "item", "time", "kind"))
    learned = learn(events, settings, snapshot="s", version="v")
    engine = Recommendations(learned.blend, learned.interactions, {}, "v")
    for customer in ("c001", "c002", "c055"):
        known = {line.item for line in shop.customer(customer, events=10_000).history}
        assert known.isdisjoint(item.item for item in engine.for_customer(shop.names.subject(customer), 5).items)
