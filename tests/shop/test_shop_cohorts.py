"""Cohorts in a shop: saved by rules or ids, used in questions, current, and without those who object or are erased."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from regulars.cli.app import app
from regulars.core.errors import NotFoundError, UsageError
from regulars.core.rights import Consent
from regulars.core.settings import Settings, ShopSettings
from regulars.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

LINES = """user,item,time,amount,country
anna,tea,2024-03-01T09:12:00,60.00,CN
anna,milk,2024-03-02T09:12:00,50.00,CN
ben,tea,2024-03-02T17:40:00,4.50,DE
cara,tea,2024-03-03T17:40:00,4.50,CN
cara,tea,2024-03-09T10:01:00,4.50,CN
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Yield a shop of three customers that a test may change."""
    (tmp_path / "events.csv").write_text(LINES)
    with Shop.create(tmp_path / "shop", Settings(shop=ShopSettings(name="Tea house", currency="EUR"))) as made:
        made.import_files([tmp_path / "events.csv"])
        yield made


def orders(shop: Shop, **params: str) -> int:
    return shop.insights("orders", **params).headline["orders"]["value"]


def test_a_cohort_is_counted_shown_and_used_in_questions(shop: Shop) -> None:
    """Two customers have two orders, anna with 110 together; three of the five orders are of others."""
    saved = shop.cohorts.save("big", ["purchase>=2", "spend >= 100"], description="Big spenders")
    assert saved.rules == ["purchase >= 2", "spend >= 100"]
    found = shop.cohorts.get("big")
    assert (found.size, found.customers, found.members, str(found.as_of)) == (1, 3, ["anna"], "2024-03-09")
    assert orders(shop, where="cohort:big=in") == 2
    assert orders(shop, where="cohort:big=out") == 3
    assert "cohort:big" in shop.dimensions()


def test_a_question_follows_the_definition(shop: Shop) -> None:
    shop.cohorts.save("them", ["country=CN"])
    assert orders(shop, where="cohort:them=in") == 4
    shop.cohorts.save("them", ["country=DE"], replace=True)
    assert orders(shop, where="cohort:them=in") == 1
    shop.cohorts.delete("them")
    with pytest.raises(UsageError, match="no cohort 'them'"):
        orders(shop, where="cohort:them=in")


def test_a_list_of_ids_becomes_pseudonyms_and_comes_back_as_ids(shop: Shop) -> None:
    shop.cohorts.save("panel", customers=["ben", "anna"])
    assert sorted(shop.cohorts.get("panel").members) == ["anna", "ben"]
    assert "anna" not in (shop.saved_cohorts.listed("panel") or [])
    shop.cohorts.save("loyal-panel", ["purchase >= 2"], customers=["ben", "anna"])
    assert shop.cohorts.get("loyal-panel").members == ["anna"]
    with pytest.raises(UsageError, match="no customer 'zoe'") as caught:
        shop.cohorts.save("other", customers=["ben", "zoe"])
    assert caught.value.where == "customers[1]"


def test_members_come_in_pages_that_do_not_overlap(shop: Shop) -> None:
    shop.cohorts.save("all", ["activity"])
    pages = [shop.cohorts.get("all", limit=2, offset=offset).members for offset in (0, 2, 4)]
    assert [len(page) for page in pages] == [2, 1, 0]
    assert sorted(member for page in pages for member in page) == ["anna", "ben", "cara"]


def test_cohorts_of_cohorts_know_no_circles(shop: Shop) -> None:
    shop.cohorts.save("cn", ["country=CN"])
    shop.cohorts.save("cn-big", ["cohort:cn=in", "spend >= 100"])
    assert shop.cohorts.get("cn-big").members == ["anna"]
    with pytest.raises(UsageError, match="made of itself"):
        shop.cohorts.save("cn", ["cohort:cn-big=in"], replace=True)
    with pytest.raises(UsageError, match="made of itself"):
        shop.cohorts.save("me", ["cohort:me=out"])
    with pytest.raises(UsageError, match="no cohort 'nobody'"):
        shop.cohorts.save("x", ["cohort:nobody=in"])
    with pytest.raises(UsageError, match="'cn-big' is made of 'cn'"):
        shop.cohorts.delete("cn")


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"name": "a/b", "rules": ["view"]}, "name"),
        ({"name": "", "rules": ["view"]}, "name"),
        ({"name": "x"}, "rules"),
        ({"name": "x", "rules": ["view", "bought tea"]}, "rules[1]"),
        ({"name": "x", "rules": ["view"] * 21}, "rules"),
        ({"name": "x", "rules": ["view"], "description": "call 13987654321"}, "description"),
        ({"name": "x", "rules": ["attribute:mail=maria@example.org"]}, "rules[0]"),
        ({"name": "x", "customers": ["anna"] * 10_001}, "customers"),
    ],
)
def test_what_cannot_be_saved_is_named(shop: Shop, given: dict[str, object], where: str) -> None:
    with pytest.raises(UsageError) as caught:
        shop.cohorts.save(**given)  # type: ignore[arg-type]
    assert caught.value.where == where
    assert shop.cohorts.list() == []


def test_who_refuses_analytics_is_no_member(shop: Shop) -> None:
    shop.cohorts.save("cn", ["country=CN"])
    shop.cohorts.save("panel", customers=["anna", "ben"])
    assert shop.cohorts.get("cn").size == 2
    refusal = Consent(
        subject=shop.names.person("anna"), purpose="analytics", given=False, time=datetime.now(UTC), source="api"
    )
    shop.vault.consents.record([refusal])
    shop.permissions._looked = 0
    found = shop.cohorts.get("cn")
    assert (found.size, found.customers, found.members) == (1, 2, ["cara"])
    assert shop.cohorts.get("panel").members == ["ben"]


def test_an_erased_customer_is_on_no_list(shop: Shop) -> None:
    shop.cohorts.save("panel", customers=["anna", "ben"])
    subject = shop.names.person("anna")
    receipt = shop.rights.erase("anna").receipt
    assert receipt is not None
    assert [one.count for one in receipt.removals if one.where == "cohorts"] == [1]
    assert shop.cohorts.get("panel").members == ["ben"]
    held = (shop.directory / "state.db").read_bytes() + (shop.directory / "state.db-wal").read_bytes()
    assert subject.encode() not in held


def test_a_shop_without_events_has_empty_cohorts(tmp_path: Path) -> None:
    with Shop.create(tmp_path / "empty") as empty:
        empty.cohorts.save("all", ["no purchase in 30 days", "segment!=lost"])
        found = empty.cohorts.get("all")
        assert (found.size, found.customers, found.members, found.as_of) == (0, 0, [], None)


def test_there_is_no_page_of_what_is_not_there(shop: Shop) -> None:
    with pytest.raises(NotFoundError, match="no cohort 'x'"):
        shop.cohorts.get("x")


def test_the_command_line_makes_shows_and_forgets(shop: Shop, tmp_path: Path) -> None:
    def run(*words: object) -> Result:
        return CliRunner().invoke(app, ["cohorts", *map(str, words)])

    directory = shop.directory
    (tmp_path / "ids.txt").write_text("anna\n\nben\n")
    made = run("create", directory, "panel", "country=CN", "--customers", tmp_path / "ids.txt", "--json")
    assert json.loads(made.stdout)["size"] == 1
    assert "anna" in run("show", directory, "panel").stdout
    assert "country=CN" in run("list", directory).stdout
    wrong = run("create", directory, "x", "bought tea")
    assert isinstance(wrong.exception, UsageError)
    assert "bought tea" in wrong.exception.message
    assert run("delete", directory, "panel").exit_code == 0
    assert json.loads(run("list", directory, "--json").stdout) == {"cohorts": []}


@pytest.mark.parametrize("rule", ["purchase >= 9223372036854775808", "property:a:b=x", f"attribute:{'a' * 70}=x"])
def test_a_cohort_that_cannot_be_worked_out_is_not_kept(shop: Shop, rule: str) -> None:
    """It would take the pages of all cohorts and of every customer with it."""
    with pytest.raises(UsageError):
        shop.cohorts.save("broken", [rule])
    assert shop.cohorts.list() == []


def test_members_found_for_an_earlier_state_are_not_kept_for_the_next_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread looks at the state without those who refused, between two looks of one that began before."""
    shop.cohorts.save("all", ["purchase >= 1"])
    before, later = shop.sources(), dict[str, list[str]]()
    states = iter([(before, dict[str, list[str]]()), (None, later)])
    monkeypatch.setattr(type(shop.cohorts), "_found", property(lambda _: next(states)), raising=False)
    assert len(shop.cohorts._members("all", before)) == 3
    assert later == {}
