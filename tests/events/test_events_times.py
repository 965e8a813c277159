"""Times in every form, and the calendar days they belong to."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from regulars.core.errors import SettingsError
from regulars.events import Mapping, load_mapping

HEADER = "user,item,time\n"


def rows(*times: str) -> str:
    return HEADER + "".join(f"u,i,{time}\n" for time in times)


@pytest.mark.parametrize(
    "written",
    ["2024-03-01 10:00:00", "2024-03-01T10:00:00Z", "2024-03-01T11:00:00+01:00", "2024-03-01T10:00:00.000000",
     "1709287200", "1709287200.0", "1709287200000", "1709287200000000", "2024-03-01 10:00:00 UTC"],
)  # fmt: skip
def test_the_same_instant_in_every_form(read, written: str):
    assert read(rows(written)).column("time") == [datetime(2024, 3, 1, 10, tzinfo=UTC)]


def test_forms_may_be_mixed_in_one_file_and_mistakes_do_not_hurt_their_neighbours(read):
    result = read(rows("2024-03-01 10:00:00", "yesterday", "2024-03-01T10:00:00Z", "1709287200", "", "2024-02-30"))
    assert result.column("time") == [datetime(2024, 3, 1, 10, tzinfo=UTC)] * 3
    assert [(r.line, r.column, r.reason) for r in result.rejects] == [
        (3, "time", "is not a time"), (6, "time", "is missing"), (7, "time", "is not a time"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "time", ["0000-01-01T00:00:00", "0001-01-01", "9999-12-31T23:59:59Z", "99999999999999999999", "-1", "1e300",
             "1989-12-31T23:59:59Z", "2025-01-02T00:00:01Z", "NaN", "inf"],
)  # fmt: skip
def test_impossible_times_are_rejected_without_a_crash(read, time: str):
    result = read(rows("2024-03-01", time))
    assert len(result.rows) == 1
    assert [(r.line, r.column) for r in result.rejects] == [(3, "time")]


def test_the_limits_themselves_are_possible(read):
    # NOW is 2025-01-01 and 24 hours of future are allowed.
    assert len(read(rows("1990-01-01", "2025-01-02T00:00:00Z")).rows) == 2


def test_too_early_and_too_late_are_different_reasons(read):
    result = read(rows("1989-12-31", "2025-01-02T00:00:01Z"))
    assert [r.reason for r in result.rejects] == ["is before 1990-01-01", "is in the future"]


def test_eight_digits_are_a_day(read):
    result = read(rows("20240229", "20240230"))
    assert result.column("day") == [date(2024, 2, 29)]
    assert [r.line for r in result.rejects] == [3]


def test_the_day_is_the_shops_own(read):
    # New York is five hours behind UTC in winter: 04:59 there is still the day before.
    result = read(rows("2024-01-02T04:59:59Z", "2024-01-02T05:00:00Z"), zone="America/New_York")
    assert result.column("day") == [date(2024, 1, 1), date(2024, 1, 2)]


def test_hours_that_the_clock_skips_or_repeats_do_not_raise(read):
    # 2024-03-10 02:30 does not exist in New York: the change was at 07:00 UTC. 2024-11-03 01:30 exists twice, first
    # at 05:30 UTC.
    result = read(rows("2024-03-10 02:30:00", "2024-11-03 01:30:00"), zone="America/New_York")
    assert result.column("time") == [datetime(2024, 3, 10, 7, tzinfo=UTC), datetime(2024, 11, 3, 5, 30, tzinfo=UTC)]


def test_the_mapping_says_in_which_zone_and_pattern_times_are_written(read):
    mapping = Mapping(time_format="%d/%m/%Y %H:%M", time_zone="Europe/Berlin")
    result = read(rows("05/03/2024 00:30", "2024-03-05"), zone="UTC", mapping=mapping)
    # Berlin is one hour ahead: for the shop it is still the 4th.
    assert result.column("time") == [datetime(2024, 3, 4, 23, 30, tzinfo=UTC)]
    assert result.column("day") == [date(2024, 3, 4)]
    assert [r.line for r in result.rejects] == [3]


def test_unix_formats_fix_the_unit(read):
    result = read(rows("1709287200000"), mapping=Mapping(time_format="unix_ms"))
    assert result.column("time") == [datetime(2024, 3, 1, 10, tzinfo=UTC)]
    assert len(read(rows("1709287200000"), mapping=Mapping(time_format="unix")).rejects) == 1


@pytest.mark.parametrize(
    ("text", "field"),
    [("[columns]\nsubjet = 'a'", "subjet"), ("time_zone = 'Mars/Base'", "time_zone"), ("colour = 1", "colour"),
     ("header = false", "names"), ("[columns", "TOML"), ("time_format = 'unixx'", "time_format")],
)  # fmt: skip
def test_a_mistake_in_a_mapping_names_file_and_field(tmp_path, text: str, field: str):
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_mapping(path)
    assert field in str(caught.value)
    assert "map.toml" in str(caught.value)
