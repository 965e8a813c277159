"""The one secret of a shop, from which all others follow: in the environment, or in a file of its own."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
from typing import TYPE_CHECKING, Literal

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from regulars.core.errors import DamagedError, SettingsError
from regulars.core.files import sync_directory

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "REGULARS_MASTER_KEY"
FILE_NAME = "master.key"
KEYS_FILE = "keys.db"
"""The subject keys, useless without the master key they were made with."""

_BYTES = 32
_FIX = f"Use 32 random bytes in base 64 or hexadecimal, such as `openssl rand -base64 {_BYTES}` prints."


class MasterKey:
    """32 secret bytes, and where they came from. It is never printed."""

    def __init__(self, key: bytes, source: Literal["environment", "file"]) -> None:
        self.key = key
        self.source: Literal["environment", "file"] = source

    def __repr__(self) -> str:
        return f"MasterKey(source={self.source!r})"

    def derive(self, name: bytes) -> bytes:
        """Return 32 bytes for one use, by HKDF-SHA256 (RFC 5869): from one nobody can tell another."""
        return HKDF(algorithm=SHA256(), length=_BYTES, salt=b"regulars", info=name).derive(self.key)


def load_or_create(directory: Path) -> MasterKey:
    """Return the master key of the shop in `directory`; make one if it never had any.

    Parameters
    ----------
    directory
        The shop. The variable `REGULARS_MASTER_KEY` is used when it is set, `master.key` in the shop otherwise. A
        key beside what it protects guards against a lost backup of the data, not against a lost machine.

    Raises
    ------
    SettingsError
        The variable or the file does not hold 32 bytes, or others may read the file.
    DamagedError
        There are subject keys, but the file that they need is gone.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        return MasterKey(_decode(given, VARIABLE), "environment")
    path = directory / FILE_NAME
    if not path.exists():
        if (directory / KEYS_FILE).exists():
            raise DamagedError(
                "is gone, and without it no sealed field of this shop can be read",
                where=str(path),
                fix=f"Restore it from a backup, or set {VARIABLE} if the shop was made with one.",
            )
        _create(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError("can be read by others", where=str(path), fix=f"Run `chmod 600 {path}`.")
    return MasterKey(_decode(path.read_text("utf-8", "replace"), str(path)), "file")


def _create(path: Path) -> None:
    """Write a new key; of two processes that try at once one succeeds and both use its key."""
    temporary = path.with_name(f".{FILE_NAME}.{secrets.token_hex(8)}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            os.write(handle, base64.b64encode(os.urandom(_BYTES)) + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        # A link, unlike a rename, never takes the place of a key that is there.
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        sync_directory(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _decode(text: str, where: str) -> bytes:
    text = text.strip()
    if re.fullmatch(r"[0-9a-fA-F]{64}", text):
        return bytes.fromhex(text)
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _BYTES:
        raise SettingsError("does not hold a key of 32 bytes", where=where, fix=_FIX)
    return key
