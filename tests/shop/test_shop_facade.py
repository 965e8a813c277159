"""The facade: what goes in comes out, errors are ours, nothing is computed twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import NotFoundError, NotLearnedError, SettingsError, UsageError
from regulars.core.settings import FILE_NAME
from regulars.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_shop_answers_without_data(tmp_path: Path) -> None:
    """Every list is empty, what needs models says so, and nothing fails."""
    with Shop.create(tmp_path / "shop") as shop:
        assert shop.status().events == 0
        assert shop.customers().customers == []
        assert shop.segments() == {}
        assert shop.items() == []
        assert shop.models() == []
        assert shop.refresh() is False
        with pytest.raises(NotLearnedError, match="regulars learn"):
            shop.recommend(user="anyone")
        with pytest.raises(NotFoundError):
            shop.customer("anyone")


def test_create_refuses_what_is_there_and_open_what_is_not(tmp_path: Path) -> None:
    """A directory with files is not taken over; a directory without a shop is not opened."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        Shop.create(tmp_path)
    with pytest.raises(NotFoundError, match="regulars init"):
        Shop.open(tmp_path / "absent")


def test_a_mistake_in_the_settings_names_its_field(shop_directory: Path, tmp_path: Path) -> None:
    """A wrong value is refused with the field's name before anything is opened."""
    Shop.create(tmp_path / "shop").close()
    path = tmp_path / "shop" / FILE_NAME
    path.write_text(path.read_text().replace("port = 8000", "port = 80000"))
    with pytest.raises(SettingsError, match=r"serve\.port"):
        Shop.open(tmp_path / "shop")


def test_importing_the_same_file_again_adds_nothing(tmp_path: Path) -> None:
    """The same file, and a longer one with the same lines, bring only what is new."""
    lines = ["user,item,time,amount", "a,x,2024-03-01,5", "a,x,2024-03-01,5", "b,y,2024-03-02,7"]
    file = tmp_path / "e.csv"
    file.write_text("\n".join(lines) + "\n")
    with Shop.create(tmp_path / "shop") as shop:
        first = shop.import_files([file])
        again = shop.import_files([file])
        file.write_text("\n".join([*lines, "c,z,2024-03-03,9"]) + "\n")
        longer = shop.import_files([file])
        assert (first.read, first.added, first.duplicates) == (3, 3, 0)
        assert (again.added, again.duplicates) == (0, 3)
        assert (longer.added, longer.duplicates) == (1, 3)
        assert shop.status().events == 4


def test_rejects_are_kept_with_file_line_and_reason(tmp_path: Path) -> None:
    """One bad row: the others go in, the bad one is in the rejects file."""
    file = tmp_path / "e.csv"
    file.write_text("user,item,time\na,x,2024-03-01\nb,y,yesterday\n")
    with Shop.create(tmp_path / "shop") as shop:
        summary = shop.import_files([file])
    assert (summary.added, summary.rejected) == (1, 1)
    assert summary.rejects_file is not None
    text = (tmp_path / "shop" / "rejects").glob("*.jsonl").__next__().read_text()
    assert '"line":3' in text
    assert "yesterday" in text


def test_learning_again_without_a_change_computes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version is found on disk: the learner is not called."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("learned again")

    monkeypatch.setattr("regulars.recommend.learn", fail)
    assert next(card.name for card in shop.learn()) == "blend"


def test_models_are_judged_by_customers_that_taught_nothing(shop: Shop) -> None:
    """Each model and baseline has a row; the blend beats popularity on a shop with habits."""
    cards = {card.name: card.quality for card in shop.models()}
    assert {"blend", "als", "knn", "covisitation", "repeat", "popularity", "own-frequency"} <= cards.keys()
    assert cards["blend"]["customers"] == cards["popularity"]["customers"] > 10
    assert cards["blend"]["ndcg@20"] > cards["popularity"]["ndcg@20"]


def test_customers_are_searched_sorted_and_paged(shop: Shop) -> None:
    """Sorting by spend falls, '-' turns it, pages do not overlap, a segment filters."""
    page = shop.customers(limit=10)
    assert page.total == 120
    spends = [c.spend for c in page.customers]
    assert spends == sorted(spends, reverse=True)
    turned = shop.customers(sort="-spend", limit=1).customers[0]
    assert turned.spend <= spends[-1]
    following = shop.customers(limit=10, offset=10).customers
    assert not {c.subject for c in page.customers} & {c.subject for c in following}
    assert [c.subject for c in shop.customers(search="C007").customers] == ["c007"]
    segments = shop.segments()
    assert sum(segments.values()) == 120
    assert shop.customers(segment="lost").total == segments["lost"]
    with pytest.raises(UsageError, match="segment"):
        shop.customers(segment="nobody")
    with pytest.raises(UsageError, match="sort"):
        shop.customers(sort="; drop table")


def test_a_profile_agrees_with_the_list(shop: Shop) -> None:
    """History, shares and summary belong to the same customer."""
    profile = shop.customer("c003", events=5)
    assert profile.summary.subject == "c003"
    assert len(profile.history) == 5
    assert profile.history_total > 5
    assert profile.history[0].time >= profile.history[-1].time
    assert profile.history[0].title
    assert sum(share for _, share in profile.top_categories) == pytest.approx(1.0)


def test_items_are_found_by_every_word(shop: Shop) -> None:
    """All words must match, in id, title, brand or category."""
    found = shop.items("dairy 12")
    assert [item.item for item in found] == ["i12"]
    assert shop.item("i12").category == "Food > Dairy"
    with pytest.raises(NotFoundError):
        shop.item("i99")


def test_another_process_sees_what_was_imported(tmp_path: Path) -> None:
    """A shop that is open learns of another's import at its next question."""
    file = tmp_path / "e.csv"
    file.write_text("user,item,time\na,x,2024-03-01\n")
    with Shop.create(tmp_path / "shop") as reader, Shop.open(tmp_path / "shop") as writer:
        assert reader.status().events == 0
        writer.import_files([file])
        assert reader.status().events == 1
        assert reader.customers().total == 1


def test_answers_are_kept_until_the_shop_changes(shop: Shop) -> None:
    """The same question of the same snapshot is the same answer, not an equal one."""
    assert shop.insights("stickiness") is shop.insights("stickiness")


def test_doctor_finds_nothing_wrong_and_sees_a_missing_file(shop: Shop, tmp_path: Path) -> None:
    """A healthy shop passes; one whose Parquet file was deleted is told so."""
    assert all(check.ok for check in shop.doctor())
    file = tmp_path / "e.csv"
    file.write_text("user,item,time\na,x,2024-03-01\n")
    with Shop.create(tmp_path / "shop") as broken:
        broken.import_files([file])
        next((tmp_path / "shop" / "tables").rglob("*.parquet")).unlink()
        assert any(not check.ok for check in broken.doctor())
