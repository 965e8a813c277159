"""`kill -9` of a served shop under load: what was answered with 200 is in the tables, once."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from regulars.shop import Shop
from regulars.shop.tending import compact

from .killing import Senders, Served, kill_again_and_again, make_shop

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 4
"""`python -m benchmarks.durability` does a hundred."""


def test_nothing_that_was_acknowledged_is_lost_or_doubled_by_killing_the_server(tmp_path: Path) -> None:
    found = kill_again_and_again(tmp_path, KILLS, seed=5)
    assert found["acknowledged_and_lost"] == 0
    assert found["duplicates"] == 0
    assert found["never_sent"] == 0
    assert found["acknowledged"] > 100 * KILLS
    assert found["answers"].keys() <= {"200", "broken", "429", "503"}
    assert found["compacted"], "the server's own compactor let go"
    assert (found["log_files_left"], found["damaged_tables"]) == (0, [])


def test_a_full_disk_is_answered_with_503_until_there_is_room(tmp_path: Path, small_disk: Path) -> None:
    key = make_shop(tmp_path / "shop")
    (tmp_path / "shop" / "log").symlink_to(small_disk, target_is_directory=True)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    server = Served(tmp_path / "shop")
    senders = Senders(key, server.port, count=2, batch=50)
    server.start()
    senders.start()
    try:
        until = time.monotonic() + 60
        while senders.statuses["503"] < 5:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert senders.acknowledged == []
        ballast.unlink()
        senders.wait_for_success()
    finally:
        senders.stop()
        status = server.stop()
    assert status == 0
    with Shop.open(tmp_path / "shop") as shop:
        assert compact(shop) is not None
        names = shop.store.run(shop.store.table("events").select("id")).column("id").to_pylist()
    assert sorted(senders.acknowledged) == sorted(names)
