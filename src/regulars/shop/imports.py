"""Taking files into a shop: good rows in, bad rows aside, the same file twice adds nothing."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from regulars.core.files import write_bytes
from regulars.core.ids import content_id, new_id
from regulars.core.records import ImportSummary
from regulars.events import Batch, joined_files, read_files
from regulars.privacy.masks import mask_excerpt
from regulars.privacy.personal import says_age
from regulars.shop.json_names import rows_naming
from regulars.shop.minors import refuse_for_minors
from regulars.shop.pseudonymising import Pseudonymiser
from regulars.store import RejectsWriter, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from regulars.core.progress import Progress
    from regulars.core.settings import Settings
    from regulars.events import Mapping
    from regulars.events.mapping import FormatName
    from regulars.store.vault import Vault

BLOCK = 1 << 20


class Importer:
    """One import into one store.

    Parameters
    ----------
    directory
        The shop.
    store
        Its store.
    vault, settings
        Its keys and pseudonyms, and how it reads and protects.
    """

    def __init__(self, directory: Path, store: Store, vault: Vault, settings: Settings) -> None:
        self.directory = directory
        self.store = store
        self.protector = Pseudonymiser(vault)
        self.settings = settings
        self._vault = vault
        self.reasons: dict[str, int] = {}
        self.read = 0

    def take(
        self,
        paths: Sequence[Path],
        *,
        table: str,
        format: FormatName | None,  # noqa: A002 - the word users know
        mapping: Mapping | None,
        now: datetime,
        progress: Progress,
    ) -> ImportSummary:
        """Import files into `table`."""
        context = msgspec.json.encode([table, format, mapping, self.settings.shop, self.settings.data])
        # A joined file that was corrected makes these other rows.
        mark = fingerprint([*paths, *joined_files(paths, mapping)], context)
        before = self.recall(mark)
        if before is not None:
            return before
        batches = read_files(
            paths, table=table, format=format, mapping=mapping, settings=self.settings, now=now, progress=progress
        )
        return self.take_batches(((table, batch) for batch in batches), [str(p) for p in paths], table, mark)

    def take_batches(
        self, batches: Iterable[tuple[str, Batch]], files: list[str], table: str, mark: str
    ) -> ImportSummary:
        """Import batches that are already read; `mark` names the import for `recall`."""
        started = time.perf_counter()
        kept: dict[str, list[pa.Table]] = {"items": [], "customers": []}
        with RejectsWriter(self.directory, new_id("import")) as rejects:
            result = self.store.append_events(self._events(batches, kept, rejects))
            added, duplicates = result.added, result.duplicates
            for name, rows in kept.items():
                if rows:
                    outcome = self.store.upsert(name, pa.concat_tables(rows))
                    added += outcome.added + outcome.updated
                    duplicates += outcome.duplicates
        summary = ImportSummary(
            files=files, table=table, read=self.read, added=added, duplicates=duplicates, rejected=rejects.count,
            rejects_file=str(rejects.path) if rejects.count else None, reasons=self.reasons,
            seconds=round(time.perf_counter() - started, 3),
        )  # fmt: skip
        self.remember(mark, summary)
        return summary

    def _events(
        self, batches: Iterable[tuple[str, Batch]], kept: dict[str, list[pa.Table]], rejects: RejectsWriter
    ) -> Iterator[pa.Table]:
        """Hand events on as they come; keep the small tables, set rejects aside."""
        for name, batch in batches:
            self.read += batch.read
            rejects.write(msgspec.structs.replace(one, excerpt=mask_excerpt(one.excerpt)) for one in batch.rejects)
            for reject in batch.rejects:
                self.reasons[reject.reason] = self.reasons.get(reject.reason, 0) + 1
            if name == "customers":
                self._hear_ages(batch.rows)
            rows = self.protector.protect(name, batch.rows)
            if name == "events":
                yield rows
            else:
                kept[name].append(rows)

    def _hear_ages(self, rows: pa.Table) -> None:
        """Note what is refused for children among these customers, while their ages can be read."""
        if rows.num_rows == 0:
            return
        rows = rows.filter(pa.array(rows_naming(rows.column("attributes"), says_age)))
        subjects = self._vault.pseudonyms.many(rows.column("subject").to_pylist())
        traits = map(msgspec.json.decode, rows.column("attributes").to_pylist())
        refuse_for_minors(self._vault, self.settings, zip(subjects, traits, strict=True))

    def recall(self, mark: str) -> ImportSummary | None:
        """Return what an equal import did before, as duplicates; None when it must be read (again).

        An import that set rows aside is always read again: a date in the future may have come by now.
        """
        path = self.directory / "imports" / f"{mark}.json"
        if not path.exists():
            return None
        before = msgspec.json.decode(path.read_bytes(), type=ImportSummary)
        if before.rejected:
            return None
        return msgspec.structs.replace(before, added=0, duplicates=before.read, seconds=0.0)

    def remember(self, mark: str, summary: ImportSummary) -> None:
        """Durably note that this import is done."""
        folder = self.directory / "imports"
        folder.mkdir(exist_ok=True)
        write_bytes(folder / f"{mark}.json", msgspec.json.format(msgspec.json.encode(summary)))


def fingerprint(paths: Sequence[Path], context: bytes) -> str:
    """Return a name for the content of these files, read in this way."""
    digest = hashlib.blake2b(context, digest_size=16)
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(content_id(file.name).encode())
                with file.open("rb") as handle:
                    while block := handle.read(BLOCK):
                        digest.update(block)
    return digest.hexdigest()
