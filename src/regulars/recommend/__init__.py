"""What to show: slates for a customer, an item or a basket, each item with its reason."""

from regulars.recommend.engine import Recommendations
from regulars.recommend.learning import Learned, go_on, learn, load, parts_of, save
from regulars.recommend.numbering import numbered_like

__all__ = ["Learned", "Recommendations", "go_on", "learn", "load", "numbered_like", "parts_of", "save"]
