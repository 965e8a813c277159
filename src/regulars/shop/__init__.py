"""The composition root and the only facade: open a shop, ask it anything."""

from regulars.shop.evaluating import EvaluateOptions, evaluate_path
from regulars.shop.facade import Shop
from regulars.shop.tending import compact

__all__ = ["EvaluateOptions", "Shop", "compact", "evaluate_path"]
