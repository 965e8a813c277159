"""Parameters made to do harm: what does not fit is refused at once, and what fits has a size."""

from __future__ import annotations

import time

import pytest

from regulars.core.errors import UsageError
from regulars.insights.cohort_rules import read_rule
from regulars.insights.params import parse
from regulars.insights.selection import read_duration, read_selection
from regulars.insights.stickiness import StickinessParams
from regulars.insights.where import read_condition

SPACES = " " * 20_000


@pytest.mark.parametrize("text", [f"a{SPACES}\0", f"{SPACES}\0", f"a{SPACES}[b", f"1{SPACES}\0"])
def test_a_long_text_that_does_not_fit_is_refused_at_once(text: str) -> None:
    """Where two parts of an expression could take the same spaces, 3,200 of them took 24 seconds."""
    started = time.process_time()
    for read in (read_condition, lambda one: read_selection(one, "steps"), lambda one: read_duration(one, "within")):
        with pytest.raises(UsageError):
            _ = read(text)
    assert time.process_time() - started < 2.0


def test_spaces_round_what_fits_mean_nothing() -> None:
    assert read_condition("  country =  CN | JP ") == ("country", "=", ("CN", "JP"))
    assert read_selection("  cart | wish [ category=Dairy ; device!=bot ] ", "steps")[1:] == (
        ("cart", "wish"),
        ("category=Dairy", "device!=bot"),
    )
    assert read_duration(" 12 h ", "within") == 43_200


def test_a_length_of_time_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(UsageError):
        _ = read_duration("9" * 400, "within")


def test_conditions_have_a_number() -> None:
    """Three hundred took 19 seconds to be refused by the engine's own limits."""
    many = [f"device!=a{at}" for at in range(21)]
    with pytest.raises(UsageError):
        _ = parse(StickinessParams, {"where": ",".join(many)})
    with pytest.raises(UsageError):
        _ = read_selection(f"view[{';'.join(many)}]", "steps")
    assert len(parse(StickinessParams, {"where": ",".join(many[:20])}).where) == 20


def test_a_number_of_times_is_one_an_engine_can_count_to() -> None:
    assert str(read_rule("purchase >= 999999999")) == "purchase >= 999999999"
    with pytest.raises(UsageError):
        _ = read_rule("purchase >= 9223372036854775808")
