"""Boosted trees that correct the blend where its weights do not fit: as arrays, read and explained by own kernels."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.interests.jit import kernel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PARAMETERS: dict[str, Any] = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 20,
    "num_leaves": 7,
    "min_data_in_leaf": 200,
    "learning_rate": 0.05,
    "lambda_l2": 10.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "metric": "ndcg",
    "eval_at": [10],
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
"""Small trees, since they correct and do not replace; larger ones lost on shops of a thousand customers."""
MOST_TREES = 300
PATIENCE = 40


@dataclass(frozen=True)
class Trees:
    """Regression trees whose values add up.

    Parameters
    ----------
    roots
        First node of each tree, int32 (trees).
    feature
        Column that a node asks for, int16 (nodes); -1 at leaves.
    threshold
        A row goes left up to this, float64 (nodes).
    left, right
        Following nodes, int32 (nodes).
    value
        What a leaf adds; at inner nodes what its rows had on average, float64 (nodes).
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int16]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]

    def score(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the sum over trees of each row, float64 (rows)."""
        out = np.zeros(len(X))
        _add(X, self.roots, self.feature, self.threshold, self.left, self.right, self.value, out)
        return out

    def shares(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what each feature adds to each row's sum, float64 (rows × features).

        Every step from a node to the next moves the expected value by some amount, which is the share of the feature
        that the node asks for (Saabas, 2014). With the mean of the roots they add up to the score exactly.
        """
        out = np.zeros(X.shape)
        _share(X, self.roots, self.feature, self.threshold, self.left, self.right, self.value, out)
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, to be written beside a model's others."""
        return {f"trees_{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]]) -> Trees:
        """Return what `arrays` gave."""
        return cls(**{field.name: arrays[f"trees_{field.name}"] for field in fields(cls)})

    @classmethod
    def none(cls) -> Trees:
        """Return no trees at all: nothing is corrected."""
        return cls.dumped([])

    @classmethod
    def dumped(cls, trees: list[dict[str, Any]]) -> Trees:
        """Return the trees that LightGBM's `dump_model` tells of."""
        nodes: list[list[float]] = []

        def visit(node: dict[str, Any]) -> int:
            at = len(nodes)
            if "split_feature" not in node:
                nodes.append([-1, 0.0, -1, -1, node["leaf_value"]])
                return at
            nodes.append([node["split_feature"], node["threshold"], -1, -1, node["internal_value"]])
            nodes[at][2] = visit(node["left_child"])
            nodes[at][3] = visit(node["right_child"])
            return at

        roots = [visit(tree["tree_structure"]) for tree in trees]
        table = np.array(nodes, np.float64).reshape(-1, 5)
        return cls(
            np.array(roots, np.int32), table[:, 0].astype(np.int16), np.ascontiguousarray(table[:, 1]),
            table[:, 2].astype(np.int32), table[:, 3].astype(np.int32), np.ascontiguousarray(table[:, 4]),
        )  # fmt: skip


def grow(
    X: NDArray[np.float32],
    chosen: NDArray[np.float64],
    lengths: NDArray[np.int64],
    base: NDArray[np.float64],
    *,
    trees: int | None = None,
    judges: int = 0,
    seed: int = 7,
) -> Trees:
    """Grow trees that rank what was chosen higher (LambdaMART: Burges, 2010), on top of scores that there are.

    Parameters
    ----------
    X
        Features, float32 (candidates of all customers, one customer after the other × features).
    chosen
        1 for what was chosen, float64 (candidates).
    lengths
        Candidates of each customer, int64.
    base
        Scores to correct, float64 (candidates).
    trees
        How many; None: as many as rank the last `judges` customers best, who then teach nothing. None at all is
        among the answers.
    judges
        Customers at the end that only judge.
    seed
        Of which rows and columns a tree sees.
    """
    import lightgbm as lgb

    parameters = {**PARAMETERS, "seed": seed}
    teaching = len(lengths) - judges
    cut = int(lengths[:teaching].sum())
    labels = chosen.astype(np.int32)
    train: Any = lgb.Dataset(X[:cut], labels[:cut], group=lengths[:teaching], init_score=base[:cut])
    if trees is not None:
        booster: Any = lgb.train(parameters, train, trees)
        return Trees.dumped(booster.dump_model()["tree_info"])
    held: Any = lgb.Dataset(X[cut:], labels[cut:], group=lengths[teaching:], init_score=base[cut:], reference=train)
    booster = lgb.train(
        parameters, train, MOST_TREES, valid_sets=[held], callbacks=[lgb.early_stopping(PATIENCE, verbose=False)]
    )
    return Trees.dumped(booster.dump_model(num_iteration=booster.best_iteration)["tree_info"])


@kernel
def _add(
    X: NDArray[np.float32],
    roots: NDArray[np.int32],
    feature: NDArray[np.int16],
    threshold: NDArray[np.float64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    value: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    for tree in range(len(roots)):
        for row in range(len(X)):
            node = roots[tree]
            while feature[node] >= 0:
                node = left[node] if X[row, feature[node]] <= threshold[node] else right[node]
            out[row] += value[node]


@kernel
def _share(
    X: NDArray[np.float32],
    roots: NDArray[np.int32],
    feature: NDArray[np.int16],
    threshold: NDArray[np.float64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    value: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    for tree in range(len(roots)):
        for row in range(len(X)):
            node = roots[tree]
            while feature[node] >= 0:
                following = left[node] if X[row, feature[node]] <= threshold[node] else right[node]
                out[row, feature[node]] += value[following] - value[node]
                node = following
