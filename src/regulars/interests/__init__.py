"""Who likes what: models over histories, one interface, one evaluation."""

from regulars.interests.als import ALS
from regulars.interests.blend import Blend, BlendConfig
from regulars.interests.covisitation import CoVisitation
from regulars.interests.evaluate import MODELS, Plan, evaluate
from regulars.interests.interactions import Histories, Interactions, from_events
from regulars.interests.item_knn import ItemKNN

__all__ = [
    "ALS",
    "MODELS",
    "Blend",
    "BlendConfig",
    "CoVisitation",
    "Histories",
    "Interactions",
    "ItemKNN",
    "Plan",
    "evaluate",
    "from_events",
]
