"""Evaluating models on a plain file or on a shop's own events."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.errors import InputError, UsageError
from regulars.core.progress import SILENT, Progress
from regulars.core.settings import FILE_NAME, Settings, load_settings
from regulars.events import load_mapping, read_files
from regulars.events.item_files import read_items
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


DEFAULT_MODELS = ("popularity", "covisitation", "knn", "als", "blend")
"""A baseline, what has to be beaten besides, and what the shop serves."""


COLD_MODELS = ("random", "newest", "popularity-in-category", "text")


class EvaluateOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to evaluate; see `regulars evaluate --help`."""

    format: str | None = None
    mapping: Path | None = None
    items: Path | None = None
    """Titles and categories, for models that read them; a shop's own are taken when not given."""
    protocol: Literal["leave-one-out", "time", "ratings", "cold"] = "leave-one-out"
    models: Sequence[str] = ()
    """None: `DEFAULT_MODELS`; on a time split with the baselines of one instead of popularity."""
    refit: bool = False
    tune: bool = False
    trials: int = 0
    minutes: float | None = None
    folds: int = 5
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
        data (customers, items, interactions, rejected), protocol, models (one row of figures each, with its slices;
        see `regulars.interests.evaluate`), comparisons (every pair of models, on the same customers), winner. With the
        protocols `ratings` and `cold`: data, protocol and models as `regulars.interests.evaluate_ratings` and
        `regulars.interests.evaluate_cold` return them.

    Raises
    ------
    InputError
        The file cannot be read or is too small to evaluate on.
    UsageError
        An option or a model name cannot be used.
    """
    if options.cutoff is not None and options.protocol != "time":
        raise UsageError("a cutoff belongs to the time protocol", where="cutoff", fix="Add --protocol time.")
    by_protocol = {"ratings": _ratings, "cold": _cold}
    return by_protocol.get(options.protocol, _ranking)(path, options, progress)


def _ratings(path: Path, options: EvaluateOptions, progress: Progress) -> dict[str, Any]:
    """Predict the stars that customers gave, fold by fold."""
    from regulars.interests.evaluate_ratings import BASELINES, RATING_MODELS, evaluate_ratings
    from regulars.interests.ratings import ratings_from_events

    _, rows, rejected = _read(path, options, progress, (*COLUMNS, "properties"))
    ratings = ratings_from_events(rows)
    # A model without a baseline beside it says nothing here either.
    models = tuple(dict.fromkeys((*BASELINES, *(options.models or RATING_MODELS))))
    found = evaluate_ratings(ratings, models, options.folds, options.seed, progress, tune=options.tune)
    return {
        "data": {
            "path": str(path),
            "customers": len(ratings.users),
            "items": len(ratings.items),
            "ratings": len(ratings),
            "rejected": rejected,
        },
        "protocol": {"protocol": "ratings", "folds": options.folds, "seed": options.seed, "tune": options.tune},
        "models": found,
    }


def _cold(path: Path, options: EvaluateOptions, progress: Progress) -> dict[str, Any]:
    """Rank items that nobody has chosen yet."""
    from regulars.interests.cold_split import ColdPlan
    from regulars.interests.evaluate_cold import evaluate_cold

    _, interactions, rejected = _interactions(path, options, progress)
    plan = ColdPlan(seed=options.seed)
    found = evaluate_cold(interactions, options.models or COLD_MODELS, plan, progress)
    return {
        "data": _about(path, interactions, rejected),
        "protocol": {"protocol": "cold", **msgspec.to_builtins(plan)},
        "models": found,
    }


def _interactions(path: Path, options: EvaluateOptions, progress: Progress) -> tuple[Settings, Interactions, int]:
    """Return the shop's settings (or the defaults), the events as models learn from them, and how many were no rows."""
    from regulars.interests import from_events
    from regulars.interests.evaluate import shuffle_ties

    settings, rows, rejected = _read(path, options, progress)
    items = read_items(options.items) if options.items else _own_items(path)
    weighted = _has_weights(rows)
    rows = _telling(rows) if weighted else rows
    interactions = from_events(rows, interest_weight if weighted else None, items=items)
    return settings, shuffle_ties(interactions, options.seed) if options.shuffle_ties else interactions, rejected


def _own_items(path: Path) -> pa.Table | None:
    if not _is_shop(path):
        return None
    with Store.open(path) as store:
        if store.rows("items") == 0:
            return None
        found = store.run(store.table("items").select("item", "title", "category", "text"))
    return found.rename_columns({"text": "description"})


def _is_shop(path: Path) -> bool:
    return path.is_dir() and (path / FILE_NAME).exists()


def _about(path: Path, interactions: Interactions, rejected: int) -> dict[str, Any]:
    return {
        "path": str(path),
        "customers": len(interactions.users),
        "items": len(interactions.items),
        "interactions": len(interactions.histories.items),
        "rejected": rejected,
    }


def _ranking(path: Path, options: EvaluateOptions, progress: Progress) -> dict[str, Any]:
    """Rank every item for every customer who is asked."""
    from regulars.interests import Plan
    from regulars.interests.evaluate import model_types, run

    models = options.models or DEFAULT_MODELS[options.protocol == "time" :]
    _ = model_types(models)
    settings, interactions, rejected = _interactions(path, options, progress)
    exclude = _excludes_known(options, interactions)
    plan = Plan(
        protocol="time" if options.protocol == "time" else "leave-one-out",
        refit=options.refit,
        tune=options.tune,
        trials=options.trials,
        minutes=options.minutes,
        seed=options.seed,
        horizon_days=options.horizon_days,
        cutoff=_moment(options.cutoff, settings),
        exclude_known=exclude,
    )
    found = run(interactions, models, plan, progress)
    return {
        "data": _about(path, interactions, rejected),
        "protocol": {**msgspec.to_builtins(plan), "ranking": "full", "shuffle_ties": options.shuffle_ties},
        "models": found.rows,
        "comparisons": msgspec.to_builtins(found.comparisons),
        "winner": found.winner,
    }


def _read(
    path: Path, options: EvaluateOptions, progress: Progress, columns: Sequence[str] = COLUMNS
) -> tuple[Settings, pa.Table, int]:
    if _is_shop(path):
        settings = load_settings(path)
        with Store.open(path) as store, closing(Vault(path, store.tenant)) as vault:
            permissions = Permissions(vault, Names(store, vault), settings.privacy)
            return settings, interest_events(store, settings, permissions, columns), 0
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
            stand_ins=True,
        )
    )
    rejected = sum(len(batch.rejects) for batch in batches)
    rows = [batch.rows.select(list(columns)) for batch in batches if batch.rows.num_rows]
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


def _telling(rows: pa.Table) -> pa.Table:
    """Leave out what says nothing of interest, such as a refund: it is neither to learn from nor to predict."""
    kinds = [kind for kind in rows.column("kind").unique().to_pylist() if interest_weight(kind) > 0]
    return rows.filter(pc.is_in(rows.column("kind"), pa.array(kinds, pa.string())))


def _excludes_known(options: EvaluateOptions, interactions: Interactions) -> bool:
    if options.protocol == "leave-one-out":
        return options.repeat != "allow"
    from regulars.recommend.repeats import allows_repeats

    return not allows_repeats(options.repeat, interactions)


def _moment(cutoff: date | None, settings: Settings) -> int | None:
    if cutoff is None:
        return None
    return int(datetime.combine(cutoff, time(), ZoneInfo(settings.shop.time_zone)).timestamp())
