"""Files to checked batches: the one way in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from regulars.core.errors import InputError, UsageError
from regulars.core.progress import SILENT
from regulars.events.csv_reader import CsvOptions, read_csv
from regulars.events.event_ids import EventIds
from regulars.events.formats import first_line, guess_format
from regulars.events.item_lists import has_item_lists, read_item_lists
from regulars.events.joined import joined_path
from regulars.events.jsonl_reader import JSON_COLUMNS, read_jsonl
from regulars.events.mapping import NO_MAPPING
from regulars.events.parquet_reader import ParquetSource
from regulars.events.plan import ORDER, Plan, plan_columns
from regulars.events.ratings_reader import read_ratings
from regulars.events.rules import Rules, rules_of
from regulars.events.sequences_reader import START, read_sequences
from regulars.events.shape import JoinedFiles, Shape
from regulars.events.sources import ByteSource
from regulars.events.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from regulars.core.progress import Progress, Step
    from regulars.core.settings import Settings
    from regulars.events.batch import Batch, Raw
    from regulars.events.mapping import FormatName, Mapping

DEFAULT_KINDS: dict[str, str] = {"ratings": "rate", "sequences": "purchase"}
"""Kind of the events of a format that has no place for one."""


def read_files(
    paths: Iterable[Path],
    *,
    settings: Settings,
    now: datetime,
    table: str | None = None,
    format: FormatName | None = None,  # noqa: A002 (the word people use)
    mapping: Mapping | None = None,
    progress: Progress = SILENT,
    stand_ins: bool = False,
) -> Iterator[Batch]:
    """Read, map and check files; yield their rows in batches and what was set aside.

    Parameters
    ----------
    paths
        Files, and directories, which stand for the files in them, sorted by name.
    settings
        Of the shop.
    now
        The present moment, with a zone: later times than it allows are mistakes.
    table
        `events`, `items` or `customers`; None: what the mapping says, or events.
    format
        None: what the mapping says, or found for each file.
    mapping
        Which column is which; None: by their names.
    progress
        Told about bytes.
    stand_ins
        For data sets, not for a shop's own files: a session stands for a customer where the file names none, and the
        order of the rows for times where a file of text has none.

    Raises
    ------
    InputError
        A file cannot be read as what it is said to be, or lacks a required column.
    UsageError
        `table` or `format` contradict the mapping or each other.
    """
    mapping = mapping or NO_MAPPING
    table = _agreed("table", table, mapping.table) or "events"
    chosen = _agreed("format", format, mapping.format)
    files = _expand(paths)
    rules = rules_of(settings, mapping, now)
    ids = EventIds()
    joined = JoinedFiles(mapping, rules.max_field)
    with progress.task("Reading", float(sum(path.stat().st_size for path in files))) as step:
        for path in files:
            kind = chosen or guess_format(path)
            if kind in DEFAULT_KINDS and table != "events":
                raise UsageError(f"{kind} are events, not {table}", where=str(path))
            shape = Shape(path, mapping, joined, rules) if mapping.has_steps() else None
            rules_here = _synthetic(rules) if kind == "sequences" else rules
            reader = _Reader(path, kind, table, mapping, rules_here, shape, stand_ins=stand_ins)
            for raw, plan in reader.rows(step):
                for piece in (shape.apply(raw) if shape else raw).pieces():
                    yield validate(piece, plan, reader.rules, ids)


def _synthetic(rules: Rules) -> Rules:
    """Let the times pass that a format without times is given."""
    return replace(rules, time_format="unix", earliest=min(rules.earliest, START * 1_000_000))


class _Reader:
    """Rows of one file with the plan that says what they are."""

    def __init__(
        self,
        path: Path,
        kind: str,
        table: str,
        mapping: Mapping,
        rules: Rules,
        shape: Shape | None,
        *,
        stand_ins: bool = False,
    ) -> None:
        # Only text has lines whose order can stand for times.
        self._stand_ins = stand_ins and kind not in ("jsonl", "parquet")
        self._path = path
        self._kind = kind
        self._table = table
        self._mapping = mapping
        self.rules = rules
        self._shape = shape

    def rows(self, step: Step) -> Iterator[tuple[Raw, Plan]]:
        if self._kind == "parquet":
            yield from self._parquet(step)
            return
        with ByteSource(self._path) as source:
            pairs = self._jsonl(source) if self._kind == "jsonl" else self._text(source)
            for pair in pairs:
                step.advance(source.advanced())
                yield pair

    def _text(self, source: ByteSource) -> Iterator[tuple[Raw, Plan]]:
        plan: Plan | None = None
        for raw in self._raw_text(source):
            if plan is None:
                plan = self._plan(raw.columns.column_names)
                if plan.sources.get("time") == ORDER:
                    self.rules = _synthetic(self.rules)
            yield _numbered(raw) if plan.sources.get("time") == ORDER else raw, plan

    def _raw_text(self, source: ByteSource) -> Iterator[Raw]:
        limit, mapping = self.rules.max_field, self._mapping
        if self._kind == "sequences" or (self._kind == "ratings" and mapping.header and not mapping.delimiter):
            with ByteSource(self._path) as other:
                line = first_line(other.read(65536))
            if self._kind == "ratings":
                return read_ratings(source, line, limit)
            return read_item_lists(source, line, limit) if has_item_lists(line) else read_sequences(source, limit)
        names = None if mapping.header else mapping.names
        return read_csv(source, CsvOptions(max_field=limit, delimiter=mapping.delimiter, names=names))

    def _jsonl(self, source: ByteSource) -> Iterator[tuple[Raw, Plan]]:
        plan: Plan | None = None
        known: dict[str, None] = {}
        default: str | None = None
        for rows in read_jsonl(source, self.rules.max_field):
            names = rows.names()
            if plan is None or not known.keys() >= set(names):
                known |= dict.fromkeys(names)
                # Without an object there are no names to complain about, only rejected lines.
                plan = self._plan(list(known), default) if known else Plan(self._table, {}, {"kind": "view"})
                default = str(plan.constants["kind"]) if known and "kind" in plan.constants else None
            nested = frozenset(plan.sources[n] for n in JSON_COLUMNS & plan.sources.keys())
            yield rows.raw(self._reads(list(plan.sources.values())), nested), plan

    def _parquet(self, step: Step) -> Iterator[tuple[Raw, Plan]]:
        source = ParquetSource(self._path)
        try:
            plan = self._plan(source.names())
            total, scalars = source.total(), frozenset(self._reads(list(plan.sources.values())))
            for raw in source.rows(self._reads(plan.needed()), scalars):
                step.advance(self._path.stat().st_size * raw.columns.num_rows / max(total, 1))
                yield raw, plan
        finally:
            source.close()

    def _plan(self, names: list[str], default: str | None = None) -> Plan:
        default = default or DEFAULT_KINDS.get(self._kind)
        found = self._shape.names(names) if self._shape else names
        plan = plan_columns(found, self._table, self._mapping, str(self._path), default, stand_ins=self._stand_ins)
        return self._shape.plan(plan) if self._shape else plan

    def _reads(self, names: list[str]) -> list[str]:
        return self._shape.reads(names) if self._shape else names


def _numbered(raw: Raw) -> Raw:
    """Give rows without times the order of their lines."""
    return replace(raw, columns=raw.columns.append_column(ORDER, [pa.array(raw.lines + START)]))


def joined_files(paths: Iterable[Path], mapping: Mapping | None) -> list[Path]:
    """Return the other files that an import of `paths` reads because the mapping joins them.

    Raises
    ------
    InputError
        One of them is not there, or one of `paths` is not.
    """
    folders = dict.fromkeys(path.parent for path in _expand(paths))
    joins = mapping.join if mapping else ()
    return [joined_path(join, folder) for folder in folders for join in joins]


def _expand(paths: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
            if not inside:
                raise InputError("holds no files", where=str(path))
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise InputError("does not exist", where=str(path))
    return files


def _agreed(what: str, asked: str | None, mapped: str | None) -> str | None:
    if asked and mapped and asked != mapped:
        raise UsageError(f"{what} is '{asked}' here but '{mapped}' in the mapping file", fix="Leave one of them out.")
    return asked or mapped
