"""Values of answers that are words of ours, not of the shop: they are translated, a product's name never is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.web.reasons import SEGMENTS
from regulars.web.wording import mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from regulars.web.wording import Words

_WORDS = (
    mark("unknown"), mark("(begin)"), mark("(end)"),
    mark("mobile"), mark("tablet"), mark("desktop"), mark("bot"),
    mark("purchase"), mark("view"), mark("cart"), mark("search"), mark("click"), mark("wish"), mark("uncart"),
    mark("checkout"), mark("cancel"), mark("refund"), mark("review"), mark("share"), mark("open"), mark("page"),
    mark("coupon"), mark("signup"),
    mark("quality"), mark("price"), mark("delivery"), mark("service"), mark("other"),
    mark("Champions"), mark("Loyal"), mark("Potential loyalists"), mark("New"), mark("Promising"),
    mark("Need attention"), mark("About to sleep"), mark("At risk"), mark("Can't lose them"), mark("Hibernating"),
    mark("Lost"),
    mark("0 s"), mark("under 10 s"), mark("10–30 s"), mark("30–60 s"), mark("1–3 min"), mark("3–10 min"),
    mark("10–30 min"), mark("30–60 min"), mark("1 h +"),
    mark("0–1 km"), mark("1–5 km"), mark("5–20 km"), mark("20–100 km"), mark("> 100 km"),
    mark("not enough ties"), mark("influence or shared occasions"), mark("influence"), mark("similar taste only"),
    mark("no influence seen"), mark("Days of purchase shuffled"), mark("Other customers like them"),
    mark("Who bought first"),
)  # fmt: skip
VALUES = frozenset(_WORDS)


def naming(words: Words) -> Callable[[str], str]:
    """Return what writes a value in the language of the page: words of ours translated, all others as they are."""

    def name(value: str) -> str:
        if value in SEGMENTS:
            return words.say(SEGMENTS[value][0])
        if value in VALUES:
            return words.say(value)
        step, colon, rest = value.partition(":")
        return f"{step}: {words.say(rest)}" if colon and step.isdigit() and rest in VALUES else value

    return name
