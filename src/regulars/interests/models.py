"""Every model by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.interests.als import ALS
from regulars.interests.baselines import OwnFrequency, RecentPopularity
from regulars.interests.blend import Blend
from regulars.interests.covisitation import CoVisitation
from regulars.interests.item_knn import ItemKNN
from regulars.interests.popularity import Popularity
from regulars.interests.repeat import Repeat

if TYPE_CHECKING:
    from regulars.interests.recommender import Recommender

MODELS: dict[str, type[Recommender]] = {
    model.name: model
    for model in (Popularity, RecentPopularity, OwnFrequency, CoVisitation, ItemKNN, ALS, Repeat, Blend)
}
