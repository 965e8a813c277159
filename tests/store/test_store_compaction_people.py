"""Who did it, in which visit, and may it be kept: known answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.collect.logs import write_messages
from tests.collect.story import known

from regulars.core.settings import PrivacySettings, Settings
from regulars.shop import Shop
from regulars.shop.tending import compact
from regulars.store.compaction.sessions import FORGET, Sessions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = 60_000_000
GAP = 30 * MINUTE


def micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def said(number: int, minutes: float, **more: Any) -> dict[str, Any]:
    """Return a message that happened so many minutes ago."""
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    return {"type": "track", "event": "Looked", "messageId": f"m{number}", "timestamp": at} | more


def agrees(purpose: str, given: bool) -> dict[str, Any]:
    return {"context": {"consent": {"categoryPreferences": {purpose: given}}}}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop.create(tmp_path / "shop") as made:
        yield made


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Shop]:
    """Yield a shop that counts only people who agreed."""
    settings = Settings(privacy=PrivacySettings(analytics="if-agreed"))
    with Shop.create(tmp_path / "strict", settings) as made:
        yield made


def take(shop: Shop, *messages: dict[str, Any], **how: Any) -> None:
    """Collect messages and compact them."""
    write_messages(shop.directory, messages, first=micros(NOW), **how)
    assert compact(shop) is not None


def subjects(shop: Shop) -> dict[str, str]:
    return {row["id"]: row["subject"] for row in known(shop)["events"]}


def sessions(shop: Shop) -> list[list[str]]:
    """Return the ids of each session's events, in order."""
    found: dict[str, list[str]] = {}
    for row in known(shop)["events"]:
        found.setdefault(row["session"], []).append(row["id"])
    return sorted(found.values())


# --- Who


def test_what_a_visitor_did_before_is_joined_to_the_customer_they_became(shop: Shop) -> None:
    take(
        shop,
        said(1, 50, anonymousId="d"),
        said(2, 40, anonymousId="other"),
        said(3, 30, anonymousId="d", userId="ada", type="identify"),
        said(4, 20, anonymousId="d"),
        said(5, 10, userId="ada"),
    )
    ada, other = shop.names.subject("ada"), shop.vault.pseudonyms.anonymous("other")
    assert subjects(shop) == {"m1": ada, "m2": other, "m3": ada, "m4": ada, "m5": ada}
    assert shop.names.visitor("d") == ada


def test_rows_that_are_in_their_files_already_are_joined_too(shop: Shop) -> None:
    take(shop, said(1, 50, anonymousId="d"), said(2, 49, anonymousId="e"))
    take(shop, said(3, 30, anonymousId="d", userId="ada", type="identify"))
    assert subjects(shop)["m1"] == shop.names.subject("ada")
    assert subjects(shop)["m2"] == shop.vault.pseudonyms.anonymous("e")
    assert all(check.ok for check in shop.store.check())


@pytest.mark.parametrize("rounds", [1, 2, 4])
def test_a_shared_device_gives_the_past_to_the_first_and_the_future_to_the_last(shop: Shop, rounds: int) -> None:
    messages = [
        said(1, 50, anonymousId="d"),
        said(2, 40, anonymousId="d", userId="ada", type="identify"),
        said(3, 30, anonymousId="d", userId="bob", type="identify"),
        said(4, 20, anonymousId="d"),
    ]
    for start in range(0, 4, 4 // rounds):
        take(shop, *messages[start : start + 4 // rounds])
    ada, bob = shop.names.subject("ada"), shop.names.subject("bob")
    assert subjects(shop) == {"m1": ada, "m2": ada, "m3": bob, "m4": bob}
    assert shop.store.manifest.links() == {shop.vault.pseudonyms.anonymous("d"): (bob, True)}


@pytest.mark.parametrize("rounds", [1, 2, 3, 6])
def test_customers_that_turn_out_to_be_one_are_one_from_then_on(shop: Shop, rounds: int) -> None:
    messages = [
        said(1, 60, anonymousId="d"),
        said(2, 50, userId="a", anonymousId="d"),
        said(3, 40, userId="b", previousId="a", type="alias"),
        said(4, 30, userId="a"),
        said(5, 20, userId="c", previousId="b", type="alias"),
        said(6, 10, anonymousId="d"),
    ]
    for start in range(0, 6, 6 // rounds):
        take(shop, *messages[start : start + 6 // rounds])
    assert set(subjects(shop).values()) == {shop.names.subject("c")}
    # Said the other way round it changes nothing, and makes no circle.
    take(shop, said(7, 5, userId="a", previousId="c", type="alias"), said(8, 4, userId="b"))
    assert set(subjects(shop).values()) == {shop.names.subject("c")}


def test_a_page_may_not_make_two_customers_one(shop: Shop) -> None:
    take(shop, said(1, 40, userId="victim"))
    take(shop, said(2, 30, userId="thief", previousId="victim", type="alias"), page=True)
    take(shop, said(3, 20, userId="victim"))
    victim = shop.names.subject("victim")
    assert subjects(shop) == {"m1": victim, "p:m2": shop.names.subject("thief"), "m3": victim}


def test_traits_of_an_older_message_never_undo_a_newer_one(shop: Shop) -> None:
    """Whether it comes in the same round, after the table was written, or long after."""

    def attributes() -> dict[str, Any]:
        (row,) = known(shop)["customers"]
        assert row["created"] == NOW - timedelta(minutes=30)
        return row["attributes"]

    def identify(number: int, minutes: float, **traits: Any) -> dict[str, Any]:
        return said(number, minutes, userId="ada", type="identify", traits=traits)

    take(shop, identify(1, 30, plan="gold", city="Ulm"), identify(2, 40, plan="none", tea="green"))
    assert attributes() == {"plan": "gold", "city": "Ulm", "tea": "green"}
    take(shop, identify(3, 50, city="Bonn", pets=1))
    assert attributes() == {"plan": "gold", "city": "Ulm", "tea": "green", "pets": 1}
    take(shop, identify(4, 20, plan="silver"))
    take(shop, identify(5, 25, plan="bronze", pets=2, shoe=44))
    assert attributes() == {"plan": "silver", "city": "Ulm", "tea": "green", "pets": 1, "shoe": 44}


# --- Visits


def test_half_an_hour_without_an_event_begins_a_new_visit_and_no_less_does(shop: Shop) -> None:
    take(
        shop, *(said(number, 200 - minute, userId="ada") for number, minute in enumerate([0, 30, 60, 90.02, 100, 131]))
    )
    assert sessions(shop) == [["m0", "m1", "m2"], ["m3", "m4"], ["m5"]]


def test_visits_of_different_people_are_different(shop: Shop) -> None:
    take(shop, said(1, 20, userId="a"), said(2, 19, userId="b"), said(3, 18, anonymousId="a"))
    assert sessions(shop) == [["m1"], ["m2"], ["m3"]]


def test_what_the_sender_calls_a_session_is_one(shop: Shop) -> None:
    own: dict[str, Any] = {"context": {"sessionId": "mine"}}
    take(
        shop,
        said(1, 200, userId="ada") | own,
        said(2, 199, userId="ada"),
        said(3, 50, userId="ada") | own,
        said(4, 49, userId="ada", context={"sessionId": "next"}),
        said(5, 48, userId="ada"),
    )
    assert {row["id"]: row["session"] for row in known(shop)["events"]} == {
        "m1": "mine", "m2": "mine", "m3": "mine", "m4": "next", "m5": "next",
    }  # fmt: skip


def test_a_visit_goes_on_when_the_visitor_becomes_known(shop: Shop) -> None:
    take(shop, said(1, 20, anonymousId="d"), said(2, 15, anonymousId="d", userId="ada"), said(3, 10, userId="ada"))
    assert sessions(shop) == [["m1", "m2", "m3"]]


def test_events_that_come_late_belong_to_a_visit_of_their_own_time(shop: Shop) -> None:
    base = 20 * 60
    take(shop, said(1, 10, userId="ada"))
    take(shop, said(2, base, userId="ada"), said(3, 9, userId="ada"), said(4, base - 1, userId="ada"))
    found = {row["id"]: row["session"] for row in known(shop)["events"]}
    assert found["m1"] == found["m3"] != found["m2"]
    stretch = {n: micros(NOW - timedelta(minutes=m)) // GAP for n, m in (("m2", base), ("m4", base - 1))}
    assert (found["m2"] == found["m4"]) == (stretch["m2"] == stretch["m4"])


@pytest.mark.parametrize("at_once", [True, False])
def test_events_that_come_days_late_do_not_depend_on_what_is_remembered(shop: Shop, at_once: bool) -> None:
    old = 5 * 24 * 60
    first = micros(NOW - timedelta(minutes=old)) // GAP * GAP
    messages = [
        said(n, (micros(NOW) - first - minute * MINUTE) / MINUTE, userId="ada")
        for n, minute in enumerate([0, 10, 29, 30, 45])
    ]
    if at_once:
        take(shop, *messages)
    else:
        for message in messages:
            take(shop, message)
    assert sessions(shop) == [["m0", "m1", "m2"], ["m3", "m4"]]


def test_a_visit_is_forgotten_only_when_no_event_can_see_it() -> None:
    """Event after event, with and without forgetting after each, the names are the same."""
    now = 1_700_000_000_000_000
    keeping, forgetting = Sessions({}, GAP), Sessions({}, GAP)
    for step, late in [(0, 0), (20, 5), (25, 40 * 60), (29, 0), (3_000, 1_400), (3_010, 0), (3_010, 25)]:
        received = now + step * MINUTE
        names = [one.of("ada", received - late * MINUTE, None, received) for one in (keeping, forgetting)]
        assert names[0] == names[1]
        forgetting.forget_before(received - FORGET)


# --- Whether it may be kept


def test_nothing_of_somebody_who_refused_is_kept_until_they_agree(shop: Shop) -> None:
    take(
        shop,
        said(1, 50, userId="ada"),
        said(2, 40, userId="ada") | agrees("analytics", False),
        said(3, 30, userId="ada"),
        said(4, 20, userId="ada") | agrees("analytics", True),
        said(5, 10, userId="ada"),
    )
    assert list(subjects(shop)) == ["m1", "m4", "m5"]
    history = shop.vault.consents.history(shop.names.subject("ada"))
    assert [(one.given, one.source) for one in history] == [(False, "api"), (True, "api")]


def test_who_never_answered_is_not_kept_where_agreement_is_needed(strict: Shop) -> None:
    take(
        strict,
        said(1, 50, userId="ada"),
        said(2, 40, userId="ada") | agrees("marketing", True),
        said(3, 30, userId="ada") | agrees("analytics", True),
        said(4, 20, userId="ada"),
        said(5, 10, userId="bob"),
    )
    assert list(subjects(strict)) == ["m3", "m4"]


def test_a_browsers_signal_refuses_until_the_customer_answers(shop: Shop) -> None:
    take(shop, said(1, 50, userId="ada"), signal=True)
    take(shop, said(2, 40, userId="ada"))
    take(shop, said(3, 30, userId="ada") | agrees("analytics", True), said(4, 20, userId="ada"), signal=True)
    assert list(subjects(shop)) == ["m2", "m3", "m4"]


def test_a_signal_counts_for_nothing_where_it_is_not_honoured(tmp_path: Path) -> None:
    settings = Settings(privacy=PrivacySettings(honour_signals=False))
    with Shop.create(tmp_path / "shop", settings) as shop:
        take(shop, said(1, 50, userId="ada"), signal=True)
        assert list(subjects(shop)) == ["m1"]


@pytest.mark.parametrize("rounds", [1, 3])
def test_a_refusal_goes_with_the_visitor_who_becomes_known(shop: Shop, rounds: int) -> None:
    messages = [
        said(1, 50, anonymousId="d") | agrees("analytics", False),
        said(2, 40, anonymousId="d", userId="ada", type="identify"),
        said(3, 30, userId="ada"),
    ]
    for start in range(0, 3, 3 // rounds):
        take(shop, *messages[start : start + 3 // rounds])
    assert subjects(shop) == {}
    assert shop.vault.consents.current(shop.vault.pseudonyms.anonymous("d")) == {}
    assert shop.vault.consents.current(shop.names.subject("ada"))["analytics"].source == "api"


@pytest.mark.parametrize("rounds", [1, 3])
def test_an_answer_that_comes_late_does_not_undo_a_later_one(shop: Shop, rounds: int) -> None:
    messages = [
        said(1, 30, userId="ada") | agrees("analytics", False),
        said(2, 60, userId="ada") | agrees("analytics", True),
        said(3, 20, userId="ada"),
    ]
    for start in range(0, 3, 3 // rounds):
        take(shop, *messages[start : start + 3 // rounds])
    assert subjects(shop) == {}
    assert not shop.vault.consents.current(shop.names.subject("ada"))["analytics"].given


@pytest.mark.parametrize("at_once", [True, False])
def test_what_was_refused_elsewhere_is_not_undone_by_a_page_in_the_same_round_or_a_later_one(
    shop: Shop, at_once: bool
) -> None:
    write_messages(shop.directory, [said(1, 30, userId="ada") | agrees("analytics", False)], first=micros(NOW))
    if not at_once:
        assert compact(shop)
    take(shop, said(2, 20, userId="ada") | agrees("analytics", True), page=True)
    assert subjects(shop) == {}
    assert not shop.vault.consents.current(shop.names.subject("ada"))["analytics"].given


def test_children_are_not_profiled_and_where_told_not_counted(tmp_path: Path) -> None:
    birth = f"{NOW.year - 10}-01-01"
    for mode, kept in (("no-personalisation", ["m1", "m2"]), ("refuse", ["m1"])):
        settings = Settings(privacy=PrivacySettings(under_14=mode))
        with Shop.create(tmp_path / mode, settings) as shop:
            take(
                shop,
                said(1, 50, userId="kid"),
                said(2, 40, userId="kid", type="identify", traits={"birthday": birth}),
            )
            assert list(subjects(shop)) == kept
            current = shop.vault.consents.current(shop.names.subject("kid"))
            assert {name: (one.given, one.source) for name, one in current.items() if name != "analytics"} == {
                "personalisation": (False, "under-14"), "marketing": (False, "under-14"),
            }  # fmt: skip


def test_who_was_erased_does_not_come_back_whatever_is_sent_of_them(shop: Shop) -> None:
    take(shop, said(1, 50, userId="ada", anonymousId="d"), said(2, 40, userId="bob"))
    ada = shop.names.subject("ada")
    shop.vault.consents.suppress([shop.vault.pseudonyms.suppressed(ada)])
    take(
        shop,
        said(3, 30, userId="ada") | agrees("analytics", True),
        said(4, 25, userId="ada", type="identify", traits={"email": "ada@shop.example"}),
        said(5, 20, anonymousId="d"),
        said(6, 10, userId="bob"),
    )
    assert list(subjects(shop)) == ["m1", "m2", "m6"]
    assert known(shop)["customers"] == []
    assert shop.vault.consents.current(ada) == {}


def test_erasing_somebody_empties_log_and_tables_of_them(shop: Shop) -> None:
    take(shop, said(1, 50, anonymousId="d"), said(2, 45, anonymousId="d", userId="ada", type="identify"))
    messages = [said(3, 40, userId="ada"), said(4, 35, userId="bob", type="identify", traits={"plan": "gold"})]
    write_messages(shop.directory, messages, first=micros(NOW))
    request = shop.rights.erase("ada")
    assert request.receipt is not None
    assert {one.where: one.count for one in request.receipt.removals}["tables/events"] in {0, 2}
    assert list(subjects(shop)) == ["m4"]
    assert list((shop.directory / "log").glob("*/*.log")) == []
    assert shop.vault.pseudonyms.anonymous("d") not in shop.store.manifest.links()
    take(shop, said(5, 30, userId="ada"), said(6, 20, anonymousId="d", userId="ada"))
    assert list(subjects(shop)) == ["m4"]


def test_personal_fields_are_sealed_and_open_again(shop: Shop) -> None:
    take(shop, said(1, 10, userId="ada", type="identify", traits={"email": "ada@shop.example", "plan": "gold"}))
    (raw,) = shop.store.run(shop.store.table("customers")).to_pylist()
    assert b"ada@shop.example" not in raw["attributes"].encode()
    assert msgspec.json.decode(raw["attributes"])["plan"] == "gold"
    assert known(shop)["customers"][0]["attributes"] == {"email": "ada@shop.example", "plan": "gold"}
