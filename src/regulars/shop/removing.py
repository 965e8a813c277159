"""Carrying out an erasure: everything a shop holds of a person, wherever it is, and a signed receipt of it.

The key is gone before this begins (what was sealed can no longer be read by anyone); this is the physical part. Only
the holder of the shop's lease does it, since it needs the log empty of the person and nobody else writing.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from regulars.core.errors import BusyError, DamagedError
from regulars.core.files import sync_directory, write_bytes
from regulars.core.ids import new_id
from regulars.core.records import Reject
from regulars.core.rights import Receipt, Removal, RightsRequest
from regulars.privacy.receipts import sign
from regulars.privacy.sealing import seal, unseal
from regulars.store.compaction.removal import remove_subjects
from regulars.store.log.segments import segment_sets
from regulars.store.log.writer import ROTATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from regulars.shop.facade import Shop
    from regulars.store.compaction import Compactor

WAIT_SECONDS = 30.0
"""For the server's processes to close the files of the log they write to; they look four times a second."""
TASKS = "requests"
TASK_COMES = timedelta(minutes=1)
ERASED = "erased"
FORGOTTEN = "forgotten"
"""A file of the shop whose time tells when somebody was last erased."""
"""Touched in the folder of the models when somebody was taken out: a server reads them again."""


class Task(msgspec.Struct, frozen=True):
    """What the one who carries out an erasure must know; sealed while it waits, deleted with the receipt."""

    subjects: list[str]
    texts: list[str]
    """The person's own ids, addresses and numbers as they may stand in rows that were set aside."""


def leave_task(shop: Shop, request: RightsRequest, task: Task) -> None:
    """Leave the task beside the shop, sealed."""
    folder = shop.directory / TASKS
    folder.mkdir(mode=0o700, exist_ok=True)
    text = msgspec.json.encode(task).decode()
    token = seal(_key(shop), text, tenant=shop.vault.tenant, subject=request.id, field="task")
    write_bytes(folder / f"{request.id}.sealed", token.encode())


def carry_out(shop: Shop, compactor: Compactor, request: RightsRequest) -> Receipt | None:
    """Do what an open request of erasure asks for; None: it waits for something and stays open."""
    path = shop.directory / TASKS / f"{request.id}.sealed"
    if request.kind != "erase":
        return None
    try:
        token = path.read_text("ascii")
        text = unseal(_key(shop), token, tenant=shop.vault.tenant, subject=request.id, field="task")
    except FileNotFoundError:
        # The request is on record a moment before its task lies beside it.
        if datetime.now(UTC) - request.requested > TASK_COMES:
            _ = shop.vault.requests.fail(request.id, "its task is missing: ask again")
        return None
    except DamagedError as error:
        _ = shop.vault.requests.fail(request.id, f"the task cannot be read ({error}): ask again")
        return None
    task = msgspec.json.decode(text, type=Task)
    try:
        empty_log(shop.directory / "log", compactor)
    except BusyError:
        return None
    _ = compactor.drain()
    # What was under way when the erasure began may have named another of their devices, or made a key anew.
    everyone = sorted({name for subject in task.subjects for name in (subject, *shop.names.all_of(subject))})
    forget_for_good(shop, everyone)
    removals = remove_subjects(shop.store, everyone)
    compactor.forget(everyone)
    for erase in shop.erasers:
        removals += erase(everyone, task.texts)
    removals += _kept_elsewhere(shop)
    # Whoever keeps answers, in whichever process, drops those that still count this person.
    (shop.directory / FORGOTTEN).touch()
    # An import that was reading while the key went has written by now, and nobody else may write before this is done.
    forget_for_good(shop, everyone)
    receipt = Receipt(
        id=new_id("rcp"),
        kind="erase",
        subject_hash=request.subject_hash,
        requested=request.requested,
        finished=datetime.now(UTC),
        removals=removals,
    )
    receipt = sign(receipt, shop.vault.master.derive(b"receipts"))
    _ = shop.vault.requests.finish(request.id, receipt)
    sweep_tasks(shop)
    return receipt


def forget_for_good(shop: Shop, subjects: Sequence[str]) -> None:
    """Put people on the suppression list, destroy their keys, and forget what they agreed to.

    Raises
    ------
    BusyError
        Somebody reads the databases: what was deleted may still stand in their logs.
    """
    vault = shop.vault
    vault.consents.suppress([vault.pseudonyms.suppressed(name) for name in subjects])
    _ = vault.keys.delete_many(subjects)
    for name in subjects:
        _ = vault.consents.forget(name)
    vault.purge()


def sweep_tasks(shop: Shop) -> None:
    """Delete the tasks of requests that no longer wait: one whose end met a crash, too."""
    folder = shop.directory / TASKS
    waiting = {request.id for request in shop.vault.requests.open_ones()}
    gone = [path for path in folder.glob("*.sealed") if path.stem not in waiting] if folder.is_dir() else []
    for path in gone:
        path.unlink(missing_ok=True)
    if gone:
        sync_directory(folder)


def _kept_elsewhere(shop: Shop) -> list[Removal]:
    """Name what this program cannot remove, so that a receipt never claims more than was done."""
    if shop.settings.collect.sink != "kafka":
        return []
    return [Removal(where="kafka", what="bodies stay until the topic's retention deletes them", count=0)]


def empty_log(log: Path, compactor: Compactor) -> None:
    """Have every file of the log that exists now taken into the tables and deleted.

    Raises
    ------
    BusyError
        A process did not close its file in time.
    """
    wanted = {segment.path for segments in segment_sets(log) for segment in segments.segments}
    until = time.monotonic() + WAIT_SECONDS
    while wanted:
        (log / ROTATE).touch()
        _ = compactor.cycle()
        wanted = {path for path in wanted if path.exists()}
        if wanted and time.monotonic() > until:
            raise BusyError("the log is still written to", where=str(next(iter(wanted))))
        if wanted:
            time.sleep(0.05)
    # What is finished is deleted at the start of the next round.
    _ = compactor.cycle()


def erasers(directory: Path) -> list[Callable[[Sequence[str], Sequence[str]], list[Removal]]]:
    """Return what other rooms remove: each is called with a person's pseudonyms and own texts."""
    return [
        lambda subjects, _: _erase_from_models(directory / "models", subjects),
        lambda _, texts: _scrub_rejects(directory / "rejects", texts),
    ]


def _erase_from_models(models: Path, subjects: Sequence[str]) -> list[Removal]:
    from regulars.recommend.erasing import erase_from_models

    removals = erase_from_models(models, subjects)
    if any(one.count for one in removals):
        (models / ERASED).touch()
    return removals


def _scrub_rejects(folder: Path, texts: Sequence[str]) -> list[Removal]:
    """Rewrite the files of rows set aside without the lines whose excerpt mentions a person, as a word of its own."""
    texts = [text for text in texts if text]
    if not texts:
        return []
    mention = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, texts)) + r")(?!\w)")
    lines = 0
    for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else []:
        found = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in found if not mention.search(_excerpt(line))]
        if len(kept) == len(found):
            continue
        lines += len(found) - len(kept)
        if kept:
            write_bytes(path, b"".join(kept))
        else:
            path.unlink()
            sync_directory(folder)
    return [Removal(where="rejects", what="rows that were set aside", count=lines)]


def _excerpt(line: bytes) -> str:
    try:
        return msgspec.json.decode(line, type=Reject).excerpt
    except msgspec.MsgspecError:
        # A line that a crash cut short: whatever it holds is looked at.
        return line.decode("utf-8", "replace")


def _key(shop: Shop) -> bytes:
    return shop.vault.master.derive(b"tasks")
