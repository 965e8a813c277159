"""What every recommender model can do, and the part of it that all share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import msgspec
import numpy as np

from regulars.core.errors import DamagedError, InputError, NotLearnedError
from regulars.core.progress import SILENT, Progress
from regulars.interests.model_files import read_model, write_model
from regulars.interests.spaces import hull
from regulars.interests.top_k import top_k

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories, Interactions
    from regulars.interests.spaces import Space

BLOCK = 64 * 1024 * 1024
"""Scores held at once while recommending for many, so that memory does not grow with customers."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a model's settings: typed, checked, written into its file."""


class Recommender(ABC):
    """A model of who likes what.

    It scores *histories*, not user numbers: a customer seen in training, one who came since, and a basket of a
    visitor without a name are the same to it. Subclasses set `name` and `config_type` and fill in the hooks.

    Attributes
    ----------
    n_items_
        Items known after `fit`.
    now_
        The moment learned at: the latest event, seconds since 1970.
    """

    name: ClassVar[str]
    config_type: ClassVar[type[Config]]
    forgets_at_once: ClassVar[bool] = True
    """Does `partial_fit` leave nothing of a customer whose events are gone? False: the next whole `fit` does."""

    def __init__(self, config: Config | None = None, **settings: Any) -> None:
        self.config = config if config is not None else msgspec.convert(settings, self.config_type)
        self.n_items_ = 0
        self.now_ = 0

    def fit(self, interactions: Interactions, *, now: int | None = None, progress: Progress = SILENT) -> Self:
        """Learn from interactions.

        Parameters
        ----------
        interactions
            Histories, each oldest first.
        now
            The moment recommendations are for, seconds since 1970; default: the latest event.
        progress
            Where long work reports to.

        Raises
        ------
        InputError
            There is nothing to learn from.
        """
        if len(interactions.histories.items) == 0:
            raise InputError("there are no interactions to learn from")
        self.n_items_ = len(interactions.items)
        self.now_ = interactions.last_time if now is None else now
        self._fit(interactions, progress)
        return self

    def partial_fit(
        self,
        interactions: Interactions,
        *,
        was: NDArray[np.int32] | None = None,
        now: int | None = None,
        progress: Progress = SILENT,
    ) -> Self:
        """Go on learning from what is known by now, starting from what was learned.

        Counting is so cheap that models which count simply count again, and forget at once whoever is gone. Models with
        vectors or weights start from those they have; `forgets_at_once` tells which kind a model is.

        Parameters
        ----------
        interactions
            Everything known now: what the model learned from, as far as it still exists, and what is new.
        was
            The number that each item had when the model last learned, int32 (items), -1 for new ones
            (`Interactions.numbers_before`); None: the numbers are the same.
        now, progress
            As for `fit`.
        """
        if self.n_items_ == 0:
            return self.fit(interactions, now=now, progress=progress)
        if len(interactions.histories.items) == 0:
            raise InputError("there are no interactions to learn from")
        if was is None:
            was = np.arange(len(interactions.items), dtype=np.int32)
            was[self.n_items_ :] = -1
        since, self.n_items_ = self.now_, len(interactions.items)
        self.now_ = interactions.last_time if now is None else now
        self._partial_fit(interactions, was, since, progress)
        return self

    def score(self, histories: Histories) -> NDArray[np.float32]:
        """Return how much each customer would like each item, float32 (histories × items)."""
        if self.n_items_ == 0:
            raise NotLearnedError(f"{self.name} has not been learned", fix="Call fit first.")
        return self._score(histories)

    def recommend(
        self,
        histories: Histories,
        n: int = 10,
        *,
        exclude_known: bool = True,
        allowed: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the n best items of each history, best first.

        Parameters
        ----------
        histories
            Customers to recommend for.
        n
            Items each.
        exclude_known
            Leave out what the customer's history holds.
        allowed
            Which items may be recommended at all, bool (items); None: every one.

        Returns
        -------
        items
            int32 (histories × n), -1 where nothing is left to recommend.
        scores
            float32 (histories × n).
        """
        if self.n_items_ == 0:
            raise NotLearnedError(f"{self.name} has not been learned", fix="Call fit first.")
        if len(histories) == 0:
            return np.empty((0, n), np.int32), np.empty((0, n), np.float32)
        return self._recommend(histories, n, exclude_known, allowed)

    def _recommend(
        self, histories: Histories, n: int, exclude_known: bool, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Score everything, a block of customers at a time; models with a quicker way override it."""
        rows = max(1, BLOCK // max(1, 4 * self.n_items_))
        items: list[NDArray[np.int32]] = []
        scores: list[NDArray[np.float32]] = []
        for begin in range(0, len(histories), rows):
            block = histories.select(np.arange(begin, min(begin + rows, len(histories))))
            values = self.score(block)
            if exclude_known:
                values[block.owners, block.items] = -np.inf
            if allowed is not None:
                values[:, ~allowed] = -np.inf
            best, best_values = top_k(values, n)
            items.append(best)
            scores.append(best_values)
        return np.concatenate(items), np.concatenate(scores)

    def save(self, directory: Path) -> None:
        """Write the model into `directory` (safetensors and JSON)."""
        facts = {
            "model": self.name,
            "format": 1,
            "now": self.now_,
            "n_items": self.n_items_,
            "config": msgspec.to_builtins(self.config),
        }
        write_model(directory, facts, self._arrays())

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read a model that `save` wrote.

        Raises
        ------
        DamagedError
            A file is missing, damaged, or holds another model.
        """
        facts, arrays = read_model(directory)
        if facts.get("model") != cls.name or facts.get("format") != 1:
            raise DamagedError(
                f"holds '{facts.get('model')}' in format {facts.get('format')}, not '{cls.name}' in format 1",
                where=str(directory),
                fix="Learn it again with `regulars learn`.",
            )
        model = cls(msgspec.convert(facts["config"], cls.config_type))
        model.n_items_ = int(facts["n_items"])
        model.now_ = int(facts["now"])
        try:
            model._restore(arrays)
        except KeyError as error:
            raise DamagedError(f"lacks the array {error}", where=str(directory)) from None
        return model

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        return [cls.config_type()]

    @classmethod
    def space(cls) -> Space:
        """Return the settings a search may vary, and how far; by default as far as those of `grid` do."""
        return hull(cls.grid())

    @abstractmethod
    def _fit(self, interactions: Interactions, progress: Progress) -> None: ...

    def _partial_fit(self, interactions: Interactions, was: NDArray[np.int32], since: int, progress: Progress) -> None:
        """Learn on; `since` is the moment learned at before. Without anything worth keeping: from the start."""
        self._fit(interactions, progress)

    @abstractmethod
    def _score(self, histories: Histories) -> NDArray[np.float32]: ...

    @abstractmethod
    def _arrays(self) -> dict[str, NDArray[Any]]: ...

    @abstractmethod
    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None: ...
