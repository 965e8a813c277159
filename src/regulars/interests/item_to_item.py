"""What co-visitation and item-kNN share: a table of neighbours that scores histories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from regulars.interests.neighbours import Neighbours
from regulars.interests.recommender import Config, Recommender

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories


class ItemToItemConfig(Config, frozen=True, kw_only=True):
    """Settings of every item-to-item model; each has its own defaults."""

    history_decay: float | None = 0.0
    """The r-th latest event of a history weighs (1 + r)^-history_decay."""
    history_depth: int = 128
    """Events of a history that are looked at."""
    neighbours: int = 128
    """Neighbours kept for each item."""


C = TypeVar("C", bound=ItemToItemConfig)


class ItemToItem(Recommender, Generic[C]):
    """A model that is a table of neighbours; subclasses fill `neighbours_` in `_fit`.

    Attributes
    ----------
    neighbours_
        For each item its neighbours and their strengths.
    """

    config: C
    neighbours_: Neighbours

    @property
    def history_decay(self) -> float:
        """How fast the events of a history lose weight when it is scored."""
        return self.config.history_decay or 0.0

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        return self.neighbours_.score(histories, self.history_decay, self.config.history_depth)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        table = self.neighbours_
        return {"indptr": table.indptr, "items": table.items, "strengths": table.strengths}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.neighbours_ = Neighbours(arrays["indptr"], arrays["items"], arrays["strengths"])
