"""Imported rows on their way into the tables: pseudonyms for ids, personal fields sealed, free text masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from regulars.core.compute import pc
from regulars.privacy.personal import is_personal
from regulars.shop.json_names import rows_matching, rows_naming
from regulars.store.compaction.masked import SUSPECT
from regulars.store.compaction.protection import Protection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.store.vault import Vault

_PRIVATE_COLUMNS = {"events": "properties", "customers": "attributes"}


class Pseudonymiser:
    """Protects the rows of one import.

    Parameters
    ----------
    vault
        The shop's.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._protection = Protection(vault)

    def protect(self, table: str, rows: pa.Table) -> pa.Table:
        """Return the rows of `events` or `customers` as they may be kept, without those of people who were erased."""
        if rows.num_rows == 0 or table not in _PRIVATE_COLUMNS:
            return rows
        rows = self._renamed(rows, "subject")
        if "referrer" in rows.column_names:
            rows = self._renamed(rows, "referrer")
        return self._sealed(self._without_the_gone(rows), _PRIVATE_COLUMNS[table], traits=table == "customers")

    def _renamed(self, rows: pa.Table, column: str) -> pa.Table:
        values = rows.column(column)
        if values.null_count == len(values):
            return rows
        encoded = values.combine_chunks().dictionary_encode()
        names: list[str] = encoded.dictionary.to_pylist()
        subjects = self._vault.pseudonyms.many(names)
        suppressed = self._suppressed(subjects)
        self._vault.keys.ensure({s: n for s, n in zip(subjects, names, strict=True) if s not in suppressed})
        renamed = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(subjects, pa.string())).cast(pa.string())
        place = rows.schema.get_field_index(column)
        return rows.set_column(place, rows.schema.field(column), renamed)

    def _suppressed(self, subjects: Sequence[str]) -> set[str]:
        gone = self._vault.consents.suppressed()
        return {s for s in subjects if self._vault.pseudonyms.suppressed(s) in gone} if gone else set()

    def _without_the_gone(self, rows: pa.Table) -> pa.Table:
        gone = self._suppressed(rows.column("subject").unique().to_pylist())
        if not gone:
            return rows
        return rows.filter(pc.invert(pc.is_in(rows.column("subject"), value_set=pa.array(sorted(gone)))))

    def _sealed(self, rows: pa.Table, column: str, *, traits: bool) -> pa.Table:
        texts = rows.column(column)
        # What names nothing personal and holds no digits or signs that could be is not taken apart.
        look = rows_naming(texts, is_personal) | rows_matching(texts, SUSPECT)
        if not look.any():
            return rows
        values, subjects = texts.to_pylist(), rows.column("subject").to_pylist()
        for at in look.nonzero()[0].tolist():
            found = msgspec.json.decode(values[at])
            if traits:
                values[at] = msgspec.json.encode(self._protection.traits(subjects[at], found)).decode()
            else:
                values[at] = self._protection.properties(subjects[at], found)
        place = rows.schema.get_field_index(column)
        return rows.set_column(place, rows.schema.field(column), pa.array(values, pa.string()))
