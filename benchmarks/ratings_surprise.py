"""Surprise's side of `ratings`: run by an interpreter that has it, writes JSON.

As it comes, and tuned: among these settings the best on a tenth of what a fold may learn from, then learned again.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
from surprise import SVD, BaselineOnly, Dataset, Reader, SVDpp  # type: ignore[import-not-found]

GRIDS: dict[str, list[dict[str, Any]]] = {
    "svd": [
        {},
        *({"n_epochs": epochs, "reg_all": reg} for epochs, reg in ((60, 0.1), (100, 0.1), (60, 0.08), (100, 0.12))),
    ],
    "svdpp": [{}, *({"n_epochs": epochs, "reg_all": reg} for epochs, reg in ((40, 0.06), (60, 0.08)))],
}


def make(name: str, settings: dict[str, Any]) -> Any:
    if name == "biases":
        return BaselineOnly(verbose=False)
    return SVD(random_state=7, **settings) if name == "svd" else SVDpp(random_state=7, cache_ratings=True, **settings)


def errors(name: str, settings: dict[str, Any], learned: Any, asked: Any) -> np.ndarray[Any, Any]:
    data = Dataset.load_from_df(learned[["user", "item", "rating"]], Reader(rating_scale=(1, 5)))
    model = make(name, settings).fit(data.build_full_trainset())
    predicted = [model.predict(user, item).est for user, item in zip(asked.user, asked.item, strict=True)]
    return np.array(predicted) - asked.rating.to_numpy()


def one(name: str, learned: Any, asked: Any, *, tune: bool) -> dict[str, float]:
    started = time.process_time()
    settings: dict[str, Any] = {}
    if tune:
        held = np.random.default_rng(7).random(len(learned)) < 0.1
        tries = [(errors(name, s, learned[~held], learned[held]), s) for s in GRIDS[name]]
        settings = min(tries, key=lambda pair: float((pair[0] ** 2).mean()))[1]
    found = errors(name, settings, learned, asked)
    return {
        "rmse": float(np.sqrt((found**2).mean())),
        "mae": float(np.abs(found).mean()),
        "seconds": time.process_time() - started,
    }


def main() -> None:
    table = pd.DataFrame(dict(zip(("user", "item", "rating", "fold"), np.loadtxt(sys.argv[1]).T, strict=True)))
    table = table.astype({"user": int, "item": int, "fold": int})
    found = {
        f"Surprise {name}{', tuned' if tune else ''}": [
            one(name, table[table.fold != fold], table[table.fold == fold], tune=tune) for fold in range(5)
        ]
        for name, tune in (("biases", False), ("svd", False), ("svdpp", False), ("svd", True), ("svdpp", True))
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
