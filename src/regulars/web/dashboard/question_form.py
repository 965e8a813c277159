"""A question's parameters as a form: made from their types, so that every new question has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regulars.web.wording import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regulars.web.wording import Words

FIRST = ("from", "to", "period", "kinds", "breakdown", "where")
"""Parameters that many questions have come first, in this order, so that a hand finds them."""
TYPES = {"number": "number", "whole": "number", "day": "date", "list": "text", "text": "text"}
SUGGESTED = {
    "kinds": "kinds", "kind": "kinds", "exclude": "kinds", "steps": "kinds", "breakdown": "dimensions",
    "by": "dimensions",
}  # fmt: skip
"""Parameter → the list of words that a browser offers for it."""
DEFAULT = mark("By default")
LABELS = {
    "from": mark("From day"),
    "to": mark("Until day"),
    "period": mark("Counted by"),
    "kinds": mark("Kinds of event"),
    "breakdown": mark("Split by"),
    "where": mark("Only where"),
}
"""Names of parameters that many questions have."""


@dataclass(frozen=True)
class Field:
    """One parameter, as an input with a label and an explanation."""

    name: str
    label: str
    explanation: str
    kind: str
    value: str
    placeholder: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    least: float | None = None
    most: float | None = None
    offered: str = ""
    trouble: str = ""

    @property
    def type(self) -> str:
        """Return the type of the input."""
        return TYPES.get(self.kind, "text")


def label_of(name: str) -> str:
    """Return a parameter's name, or a choice, as English words."""
    return LABELS.get(name) or name.replace("_", " ").capitalize()


def fields(
    question: Mapping[str, Any], asked: Mapping[str, str], words: Words, trouble: tuple[str, str] = ("", "")
) -> list[Field]:
    """Return a question's parameters with what was asked filled in.

    Parameters
    ----------
    question
        What `Shop.questions` says of it.
    asked
        Parameters as they were given.
    words
        The language of the page.
    trouble
        The parameter that could not be used, and why.
    """
    params: Mapping[str, Any] = question["params"]
    order = sorted(params, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    return [_field(name, params[name], asked.get(name, ""), words, trouble) for name in order]


def _field(name: str, param: Mapping[str, Any], value: str, words: Words, trouble: tuple[str, str]) -> Field:
    kind = param["input"]
    default = param["default"]
    choices: tuple[tuple[str, str], ...] = ()
    if kind["name"] in ("choice", "flag"):
        options = kind["choices"] or ("true", "false")
        default = str(default).lower() if isinstance(default, bool) else default
        choices = tuple((option, words.say(label_of(option))) for option in options)
        value = value or ("" if default is None else str(default))
        if default is None:
            choices = (("", words.say(DEFAULT)), *choices)
    shown = ",".join(default) if isinstance(default, (list, tuple)) else "" if default is None else str(default)
    return Field(
        name=name,
        label=words.say(label_of(name)),
        explanation=words.say(param["description"]),
        kind="choice" if choices else kind["name"],
        value=value,
        placeholder=shown,
        choices=choices,
        least=kind["least"],
        most=kind["most"],
        offered=SUGGESTED.get(name, ""),
        trouble=trouble[1] if trouble[0] == name else "",
    )
