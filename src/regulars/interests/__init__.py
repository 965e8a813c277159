"""Who likes what: models over histories, one interface, one evaluation."""

from regulars.interests.als import ALS
from regulars.interests.blend import Blend, BlendConfig
from regulars.interests.covisitation import CoVisitation
from regulars.interests.evaluate import Plan, evaluate
from regulars.interests.interactions import Catalogue, Histories, Interactions, from_events
from regulars.interests.item_knn import ItemKNN
from regulars.interests.models import MODELS

__all__ = [
    "ALS",
    "MODELS",
    "Blend",
    "BlendConfig",
    "Catalogue",
    "CoVisitation",
    "Histories",
    "Interactions",
    "ItemKNN",
    "Plan",
    "evaluate",
    "from_events",
]
