"""Why an item is shown and what a segment means, as sentences in the language of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regulars.web.wording import mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from regulars.core.records import Reason
    from regulars.web.wording import Words

SEGMENTS: dict[str, tuple[str, str]] = {
    "new": (mark("New"), mark("First seen in the last four weeks.")),
    "regular": (mark("Regular"), mark("Comes back about as often as usual.")),
    "slipping": (mark("Slipping"), mark("Away for more than twice the usual gap between visits.")),
    "lost": (mark("Lost"), mark("Away for more than four times the usual gap between visits.")),
    "one-time": (mark("One-time"), mark("Came on one day only and has not been back.")),
}
"""Segment → its name and its meaning, in the order they are shown."""


def sentence(reason: Reason, words: Words) -> str:
    """Return the reason as a sentence; a code without words of its own gets a general one."""
    tell = _TELLERS.get(reason.code)
    return tell(reason.facts, words) if tell else words.say("Suits what this customer buys")


def _buy_again(facts: dict[str, Any], words: Words) -> str:
    times, ago, every = int(facts.get("times") or 1), facts.get("days_ago"), facts.get("every_days")
    text = words.count("Bought once", "Bought %(n)s times", times)
    if every is not None:
        days = max(1, round(every))
        rhythm = words.count("about every day", "about every %(n)s days", days)
        text = words.say("%(bought)s, %(rhythm)s", bought=text, rhythm=rhythm)
    if ago is not None:
        text = words.say("%(bought)s; %(last)s", bought=text, last=_last(round(ago), words))
    return text


def _last(days: int, words: Words) -> str:
    return words.count("last %(n)s day ago", "last %(n)s days ago", days) if days > 0 else words.say("last today")


def _after(facts: dict[str, Any], words: Words) -> str:
    return words.say("Often bought after %(title)s", title=_title(facts))


def _together(facts: dict[str, Any], words: Words) -> str:
    return words.say("Often bought together with %(title)s", title=_title(facts))


def _similar(_: dict[str, Any], words: Words) -> str:
    return words.say("Bought by customers who buy similar things")


def _popular(facts: dict[str, Any], words: Words) -> str:
    days = facts.get("days")
    if not days:
        return words.say("Popular in this shop")
    return words.count("Popular in the last day", "Popular in the last %(n)s days", int(days))


def _seasonal(_: dict[str, Any], words: Words) -> str:
    return words.say("In season")


def _title(facts: dict[str, Any]) -> str:
    return str(facts.get("title") or facts.get("item") or "")


_TELLERS: dict[str, Callable[[dict[str, Any], Words], str]] = {
    "buy_again": _buy_again,
    "bought_next": _after,
    "bought_with": _together,
    "similar_customers": _similar,
    "popular": _popular,
    "seasonal": _seasonal,
}
