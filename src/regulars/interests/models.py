"""Every model by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.interests.als import ALS
from regulars.interests.baselines import OwnFrequency, RecentPopularity
from regulars.interests.blend import Blend
from regulars.interests.bpr import BPR
from regulars.interests.covisitation import CoVisitation
from regulars.interests.ease import EASE
from regulars.interests.item_knn import ItemKNN
from regulars.interests.neural.behaviour import BehaviourModel
from regulars.interests.neural.gru import GRU
from regulars.interests.neural.transformer import SequenceTransformer
from regulars.interests.popularity import Popularity, PopularityByPlace
from regulars.interests.popularity_in_category import PopularityInCategory
from regulars.interests.repeat import Repeat
from regulars.interests.session_knn import SessionKNN
from regulars.interests.spark_als import SparkALS
from regulars.interests.svd import SVD
from regulars.interests.text import TextModel

if TYPE_CHECKING:
    from regulars.interests.recommender import Recommender

MODELS: dict[str, type[Recommender]] = {
    model.name: model
    for model in (
        Popularity,
        RecentPopularity,
        PopularityByPlace,
        PopularityInCategory,
        OwnFrequency,
        Repeat,
        CoVisitation,
        ItemKNN,
        SessionKNN,
        EASE,
        ALS,
        BPR,
        SVD,
        SparkALS,
        GRU,
        SequenceTransformer,
        BehaviourModel,
        TextModel,
        Blend,
    )
}
