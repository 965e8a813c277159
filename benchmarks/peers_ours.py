"""Ours, run like any peer: the same file of data, one thread, the same clock."""

from __future__ import annotations

import importlib
import sys

import numpy as np

from benchmarks.peers_common import LIST, Data, Fit, Lists, Settings, main
from regulars.interests import Histories, Interactions
from regulars.interests.models import MODELS
from regulars.interests.recommender import Recommender

ABSENT = 3
"""What the process returns when this version has no such model."""


def model_type(name: str) -> type[Recommender] | None:
    if name == "transformer" and name not in MODELS:
        try:
            return importlib.import_module("regulars.interests.neural.transformer").SequenceTransformer
        except ImportError:
            return None
    return MODELS.get(name)


def learner(kind: type[Recommender]) -> Fit:
    def fit(data: Data, settings: Settings) -> Lists:
        events = Histories(data.indptr, data.items, data.times, np.ones(len(data.items), np.float32))
        # Names are never looked at; a number per user and item is what the models read.
        known = Interactions([str(u) for u in range(data.n_users)], [str(i) for i in range(data.n_items)], events)
        model = kind(**settings).fit(known)
        asked = events.select(data.asked)
        return lambda: model.recommend(asked, LIST)[0]

    return fit


if __name__ == "__main__":
    found = model_type(sys.argv[2])
    if found is None:
        sys.exit(ABSENT)
    # Which kernels are compiled depends on how much there is to count.
    main({sys.argv[2]: learner(found)}, warm=100 if sys.argv[2] == "transformer" else 0)
