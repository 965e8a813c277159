"""rusket (MIT): ALS."""

from __future__ import annotations

import numpy as np
import rusket
from peers_common import LIST, Data, Lists, Settings, main, padded


def als(data: Data, settings: Settings) -> Lists:
    model = rusket.ALS(seed=7, **settings).fit(data.matrix())

    def recommend() -> np.ndarray:
        table = model.batch_recommend(n=LIST, format="pandas")
        users, items = (table[name].to_numpy().astype(np.int64) for name in ("user_id", "item_id"))
        starts = np.flatnonzero(np.r_[True, users[1:] != users[:-1]])
        places = np.arange(len(users)) - np.repeat(starts, np.diff(np.r_[starts, len(users)]))
        return padded(items, users, places, data.n_users)[data.asked]

    return recommend


if __name__ == "__main__":
    main({"als": als})
