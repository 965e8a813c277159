"""LensKit (MIT): implicit-feedback ALS and item kNN, through its own pipeline and batch runner."""

from __future__ import annotations

import os
import warnings

os.environ["LK_NUM_THREADS"] = os.environ["LK_NUM_BACKEND_THREADS"] = "1"

import numpy as np
from lenskit.als import ImplicitMFScorer
from lenskit.batch import recommend as batch_recommend
from lenskit.data import from_interactions_df
from lenskit.knn import ItemKNNScorer
from lenskit.pipeline import topn_pipeline
from lenskit.training import TrainingOptions
from peers_common import LIST, Data, Fit, Lists, Settings, main

warnings.filterwarnings("ignore")


def learner(kind: type, **fixed: object) -> Fit:
    def fit(data: Data, settings: Settings) -> Lists:
        table = data.frame(user="user_id", item="item_id").drop_duplicates()
        # Every item is named, so that those without an event are candidates here as elsewhere.
        known = from_interactions_df(table, items=np.arange(data.n_items).tolist())
        pipeline = topn_pipeline(kind(**fixed, **settings), n=LIST)
        pipeline.train(known, TrainingOptions(rng=7))

        def recommend() -> np.ndarray:
            found = batch_recommend(pipeline, data.asked.tolist(), LIST, n_jobs=1)
            lists = np.full((len(data.asked), LIST), -1, np.int32)
            for row, (_, one) in enumerate(found):
                ids = np.asarray(one.ids(), np.int64)[:LIST]
                lists[row, : len(ids)] = ids
            return lists

        return recommend

    return fit


MODELS = {"implicitmf": learner(ImplicitMFScorer), "itemknn": learner(ItemKNNScorer, feedback="implicit")}

if __name__ == "__main__":
    main(MODELS)
