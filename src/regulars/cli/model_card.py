"""What is printed of a version beside its figures: when it was learned, from what, and at which cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.cli.output import out

if TYPE_CHECKING:
    from regulars.core.records import ModelCard


def print_card(card: ModelCard) -> None:
    """Print a version's name and time, what it went on from, who was erased since, and the cost."""
    lines = [f"{card.name} {card.version}, learned {card.trained_at:%F %H:%M} UTC"]
    line = card.lineage
    if line and line.went_on_from:
        lines.append(f"Went on from {line.went_on_from}; weights of the blend and figures from {line.weighed_in}.")
    if line and line.erased and line.recounted_at:
        lines.append(
            f"Erased since: {line.erased:,} customers; counts made again {line.recounted_at:%F %H:%M} UTC; "
            f"{', '.join(line.forget_later)} forget the rest when they next learn from the start."
        )
    if cost := card.cost:
        lines.append(
            f"Cost: {cost.cpu_seconds:,.1f} s of a processor, {cost.peak_bytes / 1e6:,.0f} MB of memory at most, "
            f"{cost.watt_hours:,.3f} Wh ({cost.energy})"
        )
    for text in lines:
        out.print(text, soft_wrap=True, highlight=False)
