"""Answers about consent on their way into the register, which is another database than the tables.

An answer that were recorded before the events it came with are in the tables would, after a crash in between, be met
by events that came before it; one that were recorded after them would be lost. So it is first written down, together
with how far the log is read once the tables hold those events: whoever comes next can tell whether they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from regulars.core.files import sync_directory, write_bytes
from regulars.core.rights import Consent

if TYPE_CHECKING:
    from pathlib import Path

    from regulars.store.manifest import Manifest
    from regulars.store.vault import Vault

NAME = "answers.json"


class _Letter(msgspec.Struct, frozen=True):
    positions: dict[str, int]
    answers: list[Consent]
    moves: list[tuple[str, str]]


class Outbox:
    """The answers of one round; only the holder of the lease may make one.

    Parameters
    ----------
    directory
        The log's directory.
    vault
        Where answers go.
    """

    def __init__(self, directory: Path, vault: Vault) -> None:
        self._path = directory / NAME
        self._vault = vault

    def write(self, positions: dict[str, int], answers: list[Consent], moves: list[tuple[str, str]]) -> None:
        """Write answers and moves down durably, if there are any."""
        if answers or moves:
            write_bytes(self._path, msgspec.json.encode(_Letter(positions, answers, moves)))

    def deliver(self) -> None:
        """Record what was written down; doing it twice changes nothing."""
        try:
            letter = msgspec.json.decode(self._path.read_bytes(), type=_Letter)
        except FileNotFoundError:
            return
        self._vault.consents.record(letter.answers)
        for visitor, customer in letter.moves:
            _ = self._vault.consents.move(visitor, customer)
        self._drop()

    def recover(self, manifest: Manifest) -> None:
        """Record what a crash left if the tables hold its events; else their round is yet to come, and so is it."""
        if not self._path.exists():
            return
        letter = msgspec.json.decode(self._path.read_bytes(), type=_Letter)
        read = manifest.positions()
        if all(read.get(name, 0) >= end for name, end in letter.positions.items()):
            self.deliver()
        else:
            self._drop()

    def _drop(self) -> None:
        self._path.unlink()
        sync_directory(self._path.parent)
