"""`compact`: collected events into the tables, now."""

from __future__ import annotations

from regulars.cli.options import Json, ShopDir
from regulars.cli.output import out, print_json
from regulars.core.errors import UsageError
from regulars.shop import Shop, compact


def compact_command(directory: ShopDir, json: Json = False) -> None:
    """Take what was collected into the tables; a running server does so by itself."""
    with Shop.open(directory) as shop:
        done = compact(shop)
    if done is None:
        raise UsageError("a running server does this already", where=str(directory))
    if json:
        print_json(done._asdict())
        return
    out.print(
        f"{done.messages:,} messages: {done.added:,} events added, {done.duplicates:,} already there, "
        f"{done.refused:,} not allowed, {done.rejected:,} set aside",
        soft_wrap=True,
    )
