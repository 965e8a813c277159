"""What models share whose preference is an inner product of a customer's vector and an item's."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from regulars.interests.factor_top_k import FEW, PackedItems, factor_top_k, pack
from regulars.interests.recommender import Recommender

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories


class FactorModel(Recommender):
    """A model that has a vector for every item and makes one of any history.

    Subclasses fill `item_factors_` (a new array whenever it changes) and make `vectors`. One that is no more than its
    two matrices fills `user_factors_` too, and `_prepare`s what it derives from them.

    Attributes
    ----------
    item_factors_
        P, float32 (items × factors).
    user_factors_
        U, float32 (users × factors).
    """

    item_factors_: NDArray[np.float32]
    user_factors_: NDArray[np.float32]
    _packed: tuple[NDArray[np.float32], PackedItems] | None = None

    @abstractmethod
    def vectors(self, histories: Histories) -> NDArray[np.float32]:
        """Return the vector of each history, float32 (histories × factors)."""

    def packed_items(self) -> PackedItems:
        """Return the items in the order they are searched in, sorted once for each state of the model."""
        packed = self._packed
        if packed is None or packed[0] is not self.item_factors_:
            packed = self._packed = (self.item_factors_, pack(self.item_factors_))
        return packed[1]

    def _prepare(self) -> None:
        """Work out what the vectors of histories need besides the matrices."""

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {"user_factors": self.user_factors_, "item_factors": self.item_factors_}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.user_factors_ = arrays["user_factors"]
        self.item_factors_ = arrays["item_factors"]
        self._prepare()

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        return self.vectors(histories) @ self.item_factors_.T

    def _recommend(
        self, histories: Histories, n: int, exclude_known: bool, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Search only as far as a better item can be; the lists are those that scoring everything would give."""
        few = allowed is not None and int(allowed.sum()) * FEW <= len(allowed)
        known = (histories.indptr, histories.items) if exclude_known else (None, None)
        return factor_top_k(
            self.vectors(histories), self.item_factors_ if few else self.packed_items(), n, *known, allowed
        )
