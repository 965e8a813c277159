"""lightfm-next (Apache-2.0), the fork of LightFM that builds: WARP without features.

Ranked through the vectors it hands out, in blocks: its own `predict` asks for every pair of customer and item by name.
"""

from __future__ import annotations

import numpy as np
from lightfm import LightFM
from peers_common import Data, Lists, Settings, main, ranked


def warp(data: Data, settings: Settings) -> Lists:
    settings = dict(settings)
    epochs = settings.pop("epochs", 1)
    model = LightFM(loss="warp", random_state=7, **settings)
    model.fit(data.matrix().tocoo(), epochs=epochs, num_threads=1)
    _, U = model.get_user_representations()
    bias, V = model.get_item_representations()

    def score(users: np.ndarray) -> np.ndarray:
        return U[users] @ V.T + bias

    return lambda: ranked(data, score)


if __name__ == "__main__":
    main({"warp": warp})
