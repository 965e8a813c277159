"""EASE: a linear item-to-item model in closed form, exact for small catalogues, local for large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from regulars.interests.ease_kernel import solve_exactly, solve_locally
from regulars.interests.item_knn import compare, distinct_items
from regulars.interests.item_pairs import in_blocks
from regulars.interests.item_to_item import ItemToItem, ItemToItemConfig
from regulars.interests.jit import cores
from regulars.interests.neighbours import Neighbours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Interactions
    from regulars.interests.recommender import Config

SMALL = 4000
"""`auto` inverts the whole Gram matrix up to this many items: 64 MB and some seconds."""


class EASEConfig(ItemToItemConfig, frozen=True, kw_only=True):
    """Settings of `EASE`."""

    reg: float = 200.0
    """λ: added to the diagonal of the Gram matrix."""
    form: Literal["auto", "exact", "local"] = "auto"
    """`exact` inverts the whole Gram matrix (items² · 4 bytes, twice); `local` solves one small system an item."""
    local_items: int = 100
    """Items in each system of `local`: those that alone would tell most of it."""
    gram_items: int = 400
    """Of each row of the Gram matrix, the largest that `local` keeps."""
    customer_depth: int = 400
    """Latest events of each customer that are counted: the cost is quadratic in it."""
    neighbours: int = 256
    """Neighbours kept for each item."""
    history_decay: float = 1.0
    """The r-th latest event of a history weighs (1 + r)^-history_decay."""
    history_depth: int = 512
    """Events of a history that are looked at."""


class EASE(ItemToItem[EASEConfig]):
    """The best linear prediction of each item from the others (Steck, 2019).

    B minimises ‖X − XB‖² + λ‖B‖² with a diagonal of zeros: B = I − P·diag(1/P_jj), P = (XᵀX + λI)⁻¹, X the sets of
    items that customers chose. Item j scores Σ_i x_i·B_ij, in which an event of the history counts the less the older.

    Column j is the ridge regression of x_j on the other items. For a large catalogue it is solved with the
    `local_items` of them alone that tell most, as the others' weights fade (the thought behind SANSA: Spišák et al.,
    2023). Memory is then 8 · (gram_items + 2 · local_items) bytes an item at most, where the exact form takes
    20 · items. Items never chosen together have no weight there, while the exact form gives them a negative one.

    Weights may be negative: an item that looks similar only because both follow a third one is discounted.
    """

    name = "ease"
    config_type = EASEConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        config, histories, n_items = self.config, interactions.histories, self.n_items_
        indptr, items = distinct_items(histories.latest(config.customer_depth), n_items)
        with progress.task("Solving XᵀX + λI", None):
            if config.form == "exact" or (config.form == "auto" and n_items <= SMALL):
                self.neighbours_ = _strongest(solve_exactly(indptr, items, n_items, config.reg), config.neighbours)
            else:
                gram, counts = _gram(indptr, items, n_items, config)
                self.neighbours_ = solve_locally(gram, counts, config.reg, config.local_items)

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = EASEConfig()
        changes: list[dict[str, Any]] = [
            {"reg": 50.0}, {"reg": 500.0}, {"history_decay": 0.5}, {"history_decay": 0.0},
        ]  # fmt: skip
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]


def _gram(
    indptr: NDArray[np.int64], items: NDArray[np.int32], n_items: int, config: EASEConfig
) -> tuple[Neighbours, NDArray[np.float32]]:
    """Return G_ij / √((n_i + λ)(n_j + λ)), the strongest of each row, and n."""
    counts = np.bincount(items, minlength=n_items)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    owners = np.repeat(np.arange(len(indptr) - 1, dtype=np.int64), np.diff(indptr))
    customers = owners[np.argsort(items, kind="stable")]
    worth = np.ones(len(indptr) - 1, np.float32)
    norms = np.sqrt(counts + config.reg).astype(np.float32)
    limit = min(config.gram_items, n_items)
    table = in_blocks(
        n_items, limit,
        lambda a, b: compare(indptr, items, starts, customers, worth, norms, np.float32(0), a, b, limit, cores()),
    )  # fmt: skip
    return table, counts.astype(np.float32)


def _strongest(B: NDArray[np.float32], limit: int) -> Neighbours:
    """Keep the `limit` weights of each row that are furthest from zero, falling."""
    limit = min(limit, len(B))
    near = np.argpartition(-np.abs(B), limit - 1, axis=1)[:, :limit].astype(np.int32)
    values = np.take_along_axis(B, near, axis=1)
    order = np.lexsort((near, -values), axis=1)
    near, values = np.take_along_axis(near, order, axis=1), np.take_along_axis(values, order, axis=1)
    indptr = np.arange(len(B) + 1, dtype=np.int64) * limit
    return Neighbours(indptr, near.ravel(), values.ravel())
