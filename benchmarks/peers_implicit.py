"""implicit (MIT): ALS, BPR and nearest neighbours."""

from __future__ import annotations

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from peers_common import LIST, Data, Fit, Lists, Settings, main


def learner(kind: type, **fixed: object) -> Fit:
    def fit(data: Data, settings: Settings) -> Lists:
        model = kind(num_threads=1, **fixed, **settings)
        seen = data.matrix()
        model.fit(seen, show_progress=False)
        # Places that it cannot fill come with a score of -FLT_MAX (factors) or item -1.
        return lambda: lists(*model.recommend(data.asked, seen[data.asked], N=LIST))

    return fit


def lists(items: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return np.where(scores > -1e30, items, -1)


MODELS = {
    "als": learner(AlternatingLeastSquares, random_state=7),
    "bpr": learner(BayesianPersonalizedRanking, random_state=7),
    "cosine": learner(CosineRecommender),
    "bm25": learner(BM25Recommender),
}

if __name__ == "__main__":
    main(MODELS)
