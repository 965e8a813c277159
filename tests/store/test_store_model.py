"""Whatever is appended in whatever portions, the store holds what a dictionary would."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

SUBJECTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
EVENT = st.tuples(st.integers(0, 12).map(str), SUBJECTS, st.sampled_from(["2024-02-28", "2024-02-29", "2024-03-01"]))
PORTION = st.lists(EVENT, max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(appends=st.lists(st.lists(PORTION, max_size=3), min_size=1, max_size=4))
def test_the_first_event_of_each_id_stays(
    appends: list[list[list[tuple[str, str, str]]]], events_of: Callable[..., pa.Table]
) -> None:
    expected: dict[str, tuple[str, str]] = {}
    with tempfile.TemporaryDirectory() as directory, Store.create(directory, 3, threads=1) as store:
        for portions in appends:
            before = len(expected)
            for name, subject, day in (event for portion in portions for event in portion):
                expected.setdefault(name, (subject, day))
            result = store.append_events(events_of(*portion) for portion in portions)
            assert result.added == len(expected) - before
            assert result.duplicates == sum(map(len, portions)) - result.added
        rows = store.run(store.table("events").select("id", "subject", "day")).to_pylist()
    assert {r["id"]: (r["subject"], r["day"].isoformat()) for r in rows} == expected
    assert len(rows) == len(expected)
