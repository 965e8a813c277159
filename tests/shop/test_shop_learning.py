"""Learning a shop: on from yesterday's version, within a budget, and never past an erasure."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from regulars.core.errors import UsageError
from regulars.recommend import save
from regulars.recommend.erasing import erase_from_models
from regulars.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from regulars.recommend import Learned

WHO = "c003"


@pytest.fixture
def own(shop_directory: Path, tmp_path: Path) -> Path:
    return shutil.copytree(shop_directory, tmp_path / "shop")


@pytest.fixture
def next_day(tmp_path: Path) -> Path:
    """Return a file of the day after: a customer who is new buys an item that is new, and one who is not."""
    path = tmp_path / "day.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["user_id", "timestamp", "item_id", "session", "quantity", "amount"])
        for item in ("i05", "a-new-item"):
            writer.writerow(["newcomer", "2024-04-30T10:00:00+00:00", item, "n-1", 1, 2.5])
        writer.writerow([WHO, "2024-04-30T11:00:00+00:00", "i05", "w-1", 1, 2.5])
    return path


def test_a_warm_start_knows_the_new_day_and_keeps_weights_and_figures(own: Path, next_day: Path) -> None:
    with Shop.open(own) as shop:
        old = shop.learned()
        assert old is not None
        weights, first = old.blend.weighing_.weights.copy(), old.cards[0]
        _ = shop.import_files([next_day])
        card = shop.learn(warm=True)[0]
        new = shop.learned()
        assert new is not None
        assert card.version != first.version
        assert card.quality == first.quality
        assert card.lineage is not None
        assert (card.lineage.went_on_from, card.lineage.weighed_in) == (first.version, first.version)
        assert (card.customers, card.items) == (first.customers + 1, first.items + 1)
        assert card.cost is not None
        assert card.cost.cpu_seconds > 0
        np.testing.assert_array_equal(new.blend.weighing_.weights, weights)
        assert "a-new-item" in new.interactions.item_index
        assert not shop.recommend(user="newcomer").fallback
        assert (own / "models" / "blend" / first.version).is_dir()
        page = (own / "models" / "blend" / card.version / "card.md").read_text()
        assert f"Went on from {first.version}; weights of the blend and figures from {first.version}" in page
        made = (own / "models" / "blend" / card.version / "cards.json").stat().st_mtime_ns
        assert shop.learn(warm=True)[0].version == card.version
        assert (own / "models" / "blend" / card.version / "cards.json").stat().st_mtime_ns == made


def test_without_new_events_a_warm_start_is_the_version_in_use(own: Path) -> None:
    with Shop.open(own) as shop:
        version = shop.models()[0].version
        assert shop.learn(warm=True)[0].version == version


def test_a_warm_start_from_nothing_learns_from_the_start_and_other_models_are_refused(own: Path) -> None:
    shutil.rmtree(own / "models")
    some = ["popularity", "covisitation", "knn"]
    with Shop.open(own) as shop:
        card = shop.learn(models=some, warm=True)[0]
        assert card.lineage is None
        assert "ndcg@20" in card.quality
        with pytest.raises(UsageError, match="the version in use has popularity, covisitation, knn"):
            _ = shop.learn(models=[*some, "repeat"], warm=True)


def test_a_budget_must_be_time(own: Path) -> None:
    with Shop.open(own) as shop, pytest.raises(UsageError, match="minutes"):
        _ = shop.learn(minutes=0)


def test_an_erasure_while_models_learn_makes_them_learn_again(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read before a person went is thrown away, whenever the erasure looked."""
    shutil.rmtree(own / "models")
    with Shop.open(own) as shop:
        person = shop.names.subject(WHO)
        tries: list[bool] = []

        def save_late(directory: Path, learned: Learned) -> None:
            if not tries:
                # The erasure sees no version yet; then the one that knows the person is written.
                assert erase_from_models(own / "models", [person])[0].count == 0
            tries.append(person in learned.interactions.user_index)
            save(directory, learned)

        monkeypatch.setattr("regulars.recommend.save", save_late)
        _ = shop.learn(models=["popularity", "covisitation", "knn"])
        assert len(tries) == 2
        assert len(list((own / "models" / "blend").iterdir())) == 1


def test_a_server_that_is_open_takes_the_version_after_an_erasure(own: Path) -> None:
    with Shop.open(own) as serving, Shop.open(own) as other:
        assert not serving.recommend(user=WHO).fallback
        before = serving.recommend(user=WHO).policy
        assert other.rights.erase(WHO).status == "done"
        assert serving.refresh()
        slate = serving.recommend(user="c004")
        assert slate.policy == f"{before}-1"
        assert not slate.fallback
        assert serving.recommend(user=WHO).fallback


def test_cards_tell_how_varied_the_lists_are_and_models_do_not_keep_the_catalogue(shop: Shop) -> None:
    quality = {card.name: card.quality for card in shop.models()}["blend"]
    assert 0 < quality["diversity@10"] <= 1
    assert quality["miscalibration@10"] >= 0
    learned = shop.learned()
    assert learned is not None
    assert learned.interactions.catalogue is None


def test_serving_needs_no_torch_unless_a_model_of_it_is_served(shop_directory: Path) -> None:
    program = (
        "import sys; from regulars.shop import Shop\n"
        f"with Shop.open({str(shop_directory)!r}) as shop:\n"
        "    assert not shop.recommend(user='c003').fallback\n"
        "print(sorted({'torch', 'lightgbm', 'sklearn'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_a_transformer_goes_on_too_and_is_named_among_those_that_forget_later(own: Path, next_day: Path) -> None:
    models = ["popularity", "covisitation", "knn", "transformer"]
    with Shop.open(own) as shop:
        first = shop.learn(models=models, minutes=0.02)[0]
        assert "transformer" in {card.name for card in shop.models()}
        _ = shop.import_files([next_day])
        card = shop.learn(models=models, minutes=0.02, warm=True)[0]
        assert card.lineage is not None
        assert card.lineage.weighed_in == first.version
        assert shop.rights.erase(WHO).status == "done"
        line = shop.models()[0].lineage
        assert line is not None
        assert (line.went_on_from, line.erased) == (first.version, 1)
        assert line.forget_later == ["transformer", "blend"]
        assert not shop.recommend(user="newcomer").fallback
