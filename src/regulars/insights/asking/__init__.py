"""Questions in plain words, English or Chinese."""

from regulars.insights.asking.model import ask_model
from regulars.insights.asking.understand import Surroundings, understand

__all__ = ["Surroundings", "ask_model", "understand"]
