"""What analysts see: people who allow it, under names of their own, and nothing that says who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from regulars.core.errors import UsageError
from regulars.core.schema import CUSTOMERS, EVENTS, ITEMS
from regulars.core.settings import Settings, ShopSettings
from regulars.shop import Shop
from regulars.shop.analyst_views import PSEUDONYM, VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = """user,item,time,amount,email,session
anna,tea,2024-03-01T23:12:00Z,4.50,anna@example.com,s1
anna,milk,2024-03-01T23:20:00Z,1.20,anna@example.com,s1
ben,tea,2024-03-02T17:40:00Z,4.50,ben@example.com,
cleo,tea,2024-03-03T17:40:00Z,4.50,cleo@example.com,s9
"""
PEOPLE = """customer,created,city,phone
anna,2024-01-31T22:00:00Z,Bonn,13812345678
cleo,2024-02-01T00:00:00Z,Kiel,13912345678
"""


@pytest.fixture(scope="module")
def tea_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Yield a shop in Shanghai in which Cleo refused analytics."""
    folder: Path = tmp_path_factory.mktemp("shop")
    (folder / "events.csv").write_text(LINES)
    (folder / "people.csv").write_text(PEOPLE)
    settings = Settings(shop=ShopSettings(name="Tea house", time_zone="Asia/Shanghai", currency="EUR"))
    with Shop.create(folder / "shop", settings) as shop:
        shop.import_files([folder / "events.csv"])
        shop.import_files([folder / "people.csv"], table="customers")
        shop.rights.set_consents("cleo", {"analytics": False}, source="cli")
    with Shop.open(folder / "shop") as shop:
        yield shop


def rows(shop: Shop, sql: str) -> list[dict[str, Any]]:
    """Return the rows of a statement."""
    return shop.analyst.query(sql).rows.to_pylist()


def test_every_view_shows_those_who_allow_it_under_one_name(tea_house: Shop) -> None:
    """Two of three; Anna is the same in three views, and her pseudonym there is not the one inside the shop.

    Ben's event has no session, and none is made of the key: one visit.
    """
    (found,) = rows(
        tea_house,
        """SELECT list(DISTINCT e.subject) AS people, count(DISTINCT e.session) AS visits, count(*) AS events,
                  (SELECT count(*) FROM customers) AS profiles, (SELECT count(*) FROM customer_summaries) AS active,
                  (SELECT max(segment) FROM customer_summaries s JOIN customers USING (subject)) AS segment,
                  (SELECT max(created) FROM customers) AS created,
                  (SELECT max(hour(time)) FROM events WHERE item = 'milk') AS hour
           FROM events e""",
    )
    assert (found["visits"], found["events"], found["profiles"], found["active"]) == (1, 3, 1, 2)
    assert (len(found["people"]), found["segment"]) == (2, "new")
    # 22:00 UTC is the next day in Shanghai; 23:20 is 7:20.
    assert (str(found["created"]), found["hour"]) == ("2024-02-01", 7)
    inside = set(tea_house.store.run(tea_house.store.table("events").subject).to_pylist())
    assert inside.isdisjoint(found["people"])
    assert {len(name) for name in found["people"]} == {PSEUDONYM}


def test_no_view_has_a_column_that_says_who_somebody_is(tea_house: Shop) -> None:
    """Columns are on a list: what a table gains later is hidden until it is on it, and the catalogue alone is whole."""
    columns = {name: [column.name for column in view.columns] for name, view in VIEWS.items()}
    assert set(EVENTS.names) - set(columns["events"]) == {"id", "latitude", "longitude", "referrer", "properties"}
    assert set(CUSTOMERS.names) - set(columns["customers"]) == {"attributes"}
    assert columns["items"] == ITEMS.names
    for name, view in VIEWS.items():
        answer = tea_house.analyst.query(f"SELECT * FROM {name}")  # noqa: S608 - a name of ours
        types = [kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") for kind in answer.types]
        assert [(column.name, column.type) for column in view.columns] == list(zip(answer.names, types, strict=True))
        assert "@" not in str(answer.rows.to_pylist())
        assert "13812345678" not in str(answer.rows.to_pylist())


def test_a_consent_that_is_withdrawn_holds_from_the_next_statement_on(tmp_path: Path) -> None:
    """Nothing is kept between two statements."""
    (tmp_path / "events.csv").write_text(LINES)
    with Shop.create(tmp_path / "shop") as shop:
        shop.import_files([tmp_path / "events.csv"])
        assert rows(shop, "SELECT count(*) AS n FROM events") == [{"n": 4}]
        shop.rights.set_consents("anna", {"analytics": False}, source="cli")
    with Shop.open(tmp_path / "shop") as shop:
        assert rows(shop, "SELECT count(*) AS n, (SELECT count(*) FROM customer_summaries) AS p FROM events") == [
            {"n": 2, "p": 2}
        ]


def test_a_shop_without_events_answers(tmp_path: Path) -> None:
    """Views are there before the first import."""
    with Shop.create(tmp_path / "shop") as shop:
        counts = ", ".join(f"(SELECT count(*) FROM {name}) AS {name[:9]}" for name in VIEWS)  # noqa: S608 - ours
        assert set(rows(shop, f"SELECT {counts}")[0].values()) == {0}


def test_the_views_behind_the_views_cannot_be_named(tea_house: Shop) -> None:
    """Nor are pseudonyms the same in two shops, nor is a log's hash of a statement without the shop's key."""
    for name in ("regulars_events", "regulars_counted", "regulars_customers"):
        with pytest.raises(UsageError, match="no view"):
            rows(tea_house, f"SELECT * FROM {name}")  # noqa: S608 - what is tested
    analyst = tea_house.analyst
    assert analyst.fingerprint("SELECT 1") == analyst.fingerprint("SELECT 1") != analyst.fingerprint("SELECT 2")
