"""A slate as a page shows it: each item with what every part of the score added."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from regulars.web.model_names import MODEL_NAMES

if TYPE_CHECKING:
    from regulars.core.records import Slate, SlateItem

PARTS = MODEL_NAMES
TONES = 7
"""Colours of the palette."""


class Part(NamedTuple):
    """What one part added to an item's score."""

    name: str
    tone: int
    width: float
    """Of the longest bar, in per cent."""
    share: float
    """Of this item's score, 0 to 1."""


class Line(NamedTuple):
    """One recommended item and its bar."""

    item: SlateItem
    parts: list[Part]


class SlateView(NamedTuple):
    """A slate ready to be shown."""

    slate: Slate
    lines: list[Line]
    legend: list[tuple[str, int]]
    """Each part's name and colour, the strongest first."""


def slate_view(slate: Slate) -> SlateView:
    """Return the slate with its parts as bars; what a part takes away from a score is not drawn."""
    gains = [{name: value for name, value in one.parts.items() if value > 0} for one in slate.items]
    totals: dict[str, float] = {}
    for gain in gains:
        for name, value in gain.items():
            totals[name] = totals.get(name, 0.0) + value
    tones = {name: k % TONES for k, name in enumerate(sorted(totals, key=lambda name: -totals[name]))}
    longest = max((sum(gain.values()) for gain in gains), default=0.0)
    lines = [Line(one, _parts(gain, tones, longest)) for one, gain in zip(slate.items, gains, strict=True)]
    return SlateView(slate, lines, [(PARTS.get(name, name), tone) for name, tone in tones.items()])


def _parts(gain: dict[str, float], tones: dict[str, int], longest: float) -> list[Part]:
    total = sum(gain.values())
    return [
        Part(PARTS.get(name, name), tones[name], 100 * gain[name] / longest, gain[name] / total)
        for name in tones
        if name in gain
    ]
