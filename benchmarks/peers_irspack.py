"""irspack (MIT): IALS with frequency-scaled regularisation, RP3beta, and SLIM in its dense form (EASE)."""

from __future__ import annotations

from irspack import CosineKNNRecommender, DenseSLIMRecommender, IALSRecommender, RP3betaRecommender
from peers_common import Data, Fit, Lists, Settings, main, ranked


def learner(kind: type, **fixed: object) -> Fit:
    def fit(data: Data, settings: Settings) -> Lists:
        model = kind(data.matrix().astype("float64"), **fixed, **settings).learn()
        return lambda: ranked(data, model.get_score)

    return fit


MODELS = {
    "ials": learner(IALSRecommender, n_threads=1, random_seed=7),
    "rp3beta": learner(RP3betaRecommender, n_threads=1),
    "cosine": learner(CosineKNNRecommender, n_threads=1),
    "denseslim": learner(DenseSLIMRecommender),
}

if __name__ == "__main__":
    main(MODELS)
