"""The register as later uses see it: soon, and never an old answer after a pause."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from regulars.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_register_that_takes_long_to_read_is_still_never_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read beside the requests while they come, and in the first of them after a pause."""
    monkeypatch.setattr("regulars.shop.permissions.SLOW_SECONDS", -1.0)
    with Shop.create(tmp_path / "shop") as shop:
        subject = shop.names.subject("ann")
        assert shop.permissions.allows(subject, "personalisation")
        shop.rights.set_consents("ann", {"personalisation": False})
        time.sleep(1.1)
        assert not shop.permissions.allows(subject, "personalisation")
        shop.rights.set_consents("ann", {"personalisation": True})
        until = time.monotonic() + 1.0
        while not shop.permissions.allows(subject, "personalisation"):
            assert time.monotonic() < until
            time.sleep(0.02)
