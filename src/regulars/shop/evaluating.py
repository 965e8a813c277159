"""Evaluating models on a plain file or on a shop's own events."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa

from regulars.core.errors import InputError, UsageError
from regulars.core.progress import SILENT, Progress
from regulars.core.settings import FILE_NAME, Settings, load_settings
from regulars.events import load_mapping, read_files
from regulars.events.vocabulary import interest_weight
from regulars.shop.formats import format_name
from regulars.shop.interest import COLUMNS, interest_events
from regulars.shop.names import Names
from regulars.shop.permissions import Permissions
from regulars.store import Store
from regulars.store.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.interests import Interactions


class EvaluateOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to evaluate; see `regulars evaluate --help`."""

    format: str | None = None
    mapping: Path | None = None
    protocol: Literal["leave-one-out", "time"] = "leave-one-out"
    models: Sequence[str] = ("popularity", "covisitation", "knn", "als")
    refit: bool = False
    tune: bool = False
    cutoff: date | None = None
    horizon_days: float = 28.0
    repeat: Literal["auto", "allow", "exclude"] = "auto"
    shuffle_ties: bool = False
    seed: int = 7


def evaluate_path(path: Path, options: EvaluateOptions, progress: Progress = SILENT) -> dict[str, Any]:
    """Evaluate models on a file (`sequences`, `ratings` or `events`) or on a shop's directory.

    Returns
    -------
    report
        data (customers, items, interactions, rejected), protocol, models (one row of figures each).

    Raises
    ------
    InputError
        The file cannot be read or is too small to evaluate on.
    UsageError
        An option or a model name cannot be used.
    """
    from regulars.interests import Plan, evaluate, from_events
    from regulars.interests.evaluate import model_types, shuffle_ties

    _ = model_types(options.models)
    if options.cutoff is not None and options.protocol != "time":
        raise UsageError("a cutoff belongs to the time protocol", where="cutoff", fix="Add --protocol time.")
    settings, rows, rejected = _read(path, options, progress)
    interactions = from_events(rows, interest_weight if _has_weights(rows) else None)
    if options.shuffle_ties:
        interactions = shuffle_ties(interactions, options.seed)
    exclude = _excludes_known(options, interactions)
    plan = Plan(
        protocol=options.protocol,
        refit=options.refit,
        tune=options.tune,
        horizon_days=options.horizon_days,
        cutoff=_moment(options.cutoff, settings),
        exclude_known=exclude,
    )
    models = evaluate(interactions, options.models, plan, progress)
    return {
        "data": {
            "path": str(path),
            "customers": len(interactions.users),
            "items": len(interactions.items),
            "interactions": len(interactions.histories.items),
            "rejected": rejected,
        },
        "protocol": {**msgspec.to_builtins(plan), "ranking": "full", "shuffle_ties": options.shuffle_ties},
        "models": models,
    }


def _read(path: Path, options: EvaluateOptions, progress: Progress) -> tuple[Settings, pa.Table, int]:
    if path.is_dir() and (path / FILE_NAME).exists():
        settings = load_settings(path)
        with Store.open(path) as store, closing(Vault(path, store.tenant)) as vault:
            permissions = Permissions(vault, Names(store, vault), settings.privacy)
            return settings, interest_events(store, settings, permissions), 0
    settings = Settings()
    mapping = load_mapping(options.mapping) if options.mapping else None
    batches = list(
        read_files(
            [path],
            table="events",
            format=format_name(options.format),
            mapping=mapping,
            settings=settings,
            now=datetime.now(UTC),
            progress=progress,
        )
    )
    rejected = sum(len(batch.rejects) for batch in batches)
    rows = [batch.rows.select(list(COLUMNS)) for batch in batches if batch.rows.num_rows]
    if not rows:
        first = next((batch.rejects[0] for batch in batches if batch.rejects), None)
        raise InputError(
            f"no row can be used: line {first.line}, {first.column}: {first.reason}" if first else "there is no row",
            where=str(path),
            fix="Give --format or a --map file.",
        )
    return settings, pa.concat_tables(rows), rejected


def _has_weights(rows: pa.Table) -> bool:
    """Tell whether the kinds of these events carry evidence; a file of one unknown kind counts every row alike."""
    return any(interest_weight(kind) > 0 for kind in rows.column("kind").unique().to_pylist())


def _excludes_known(options: EvaluateOptions, interactions: Interactions) -> bool:
    if options.protocol == "leave-one-out":
        return options.repeat != "allow"
    from regulars.recommend.repeats import allows_repeats

    return not allows_repeats(options.repeat, interactions)


def _moment(cutoff: date | None, settings: Settings) -> int | None:
    if cutoff is None:
        return None
    return int(datetime.combine(cutoff, time(), ZoneInfo(settings.shop.time_zone)).timestamp())
