"""Which learned version is in use: one small file, replaced as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from regulars.core.files import sync_directory, write_bytes

if TYPE_CHECKING:
    from pathlib import Path

MODELS = "models"
"""The folder of a shop's models."""
CURRENT = "current.json"
ERASING = "erasing"
"""A file in the folder of the models whose time tells when an erasure last began to look at them."""


def current_version(models: Path) -> str:
    """Return the name of the version in use; empty when there is none."""
    try:
        return msgspec.json.decode((models / CURRENT).read_bytes())["blend"]
    except FileNotFoundError:
        return ""


def version_directory(shop: Path, version: str) -> Path:
    """Return where a version of a shop's models lies."""
    return shop / MODELS / "blend" / version


def make_current(models: Path, version: str) -> None:
    """Let this version be the one in use; an empty name: none."""
    if version:
        write_bytes(models / CURRENT, msgspec.json.encode({"blend": version}))
        return
    (models / CURRENT).unlink(missing_ok=True)
    sync_directory(models)


def last_erasure(models: Path) -> int:
    """Return when an erasure last began to look at the models; 0 when none ever did."""
    return touched(models / ERASING)


def touched(path: Path) -> int:
    """Return when a file was last touched, nanoseconds since 1970; 0 when there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
