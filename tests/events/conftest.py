"""What the tests of reading share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from regulars.core.settings import Settings, ShopSettings
from regulars.events import Batch, read_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2025, 1, 1, tzinfo=UTC)


class Read:
    """Everything that reading one file gave."""

    def __init__(self, batches: list[Batch]) -> None:
        for batch in batches:
            batch.rows.validate(full=True)
        self.rows: list[dict[str, Any]] = [row for batch in batches for row in batch.rows.to_pylist()]
        self.rejects = [reject for batch in batches for reject in batch.rejects]
        self.read = sum(batch.read for batch in batches)
        self.largest = max((batch.rows.num_rows for batch in batches), default=0)

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    """Write a text or bytes to a file, read it as a shop would on 1 January 2025."""

    def run(content: str | bytes, name: str = "file.csv", zone: str = "UTC", **options: Any) -> Read:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        settings = Settings(shop=ShopSettings(time_zone=zone, currency="EUR"))
        return Read(list(read_files([path], settings=settings, now=NOW, **options)))

    return run
