"""`keys`: who may send events and who may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from regulars.cli.options import Json, ShopDir
from regulars.cli.output import err, out, print_json, print_rows
from regulars.shop import Shop
from regulars.shop.keyring import state_of

if TYPE_CHECKING:
    from regulars.core.rights import NewKey, Role

KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `keys list` shows it.")]
keys_app = typer.Typer(
    name="keys", help="Make, list, rotate and revoke the keys of a shop.", no_args_is_help=True, rich_markup_mode=None
)


@keys_app.command("create")
def create_command(
    directory: ShopDir,
    role: Annotated[
        str, typer.Option(help="write: a server sends events; public: a page does; secret: everything.")
    ] = "write",
    label: Annotated[str, typer.Option(help="What you call it.")] = "",
    rate: Annotated[float | None, typer.Option(help="Events a second; default: regulars.toml's.")] = None,
    burst: Annotated[int | None, typer.Option(help="Events at once; default: regulars.toml's.")] = None,
    days: Annotated[float | None, typer.Option(help="Days until it stops working; default: never.")] = None,
    json: Json = False,
) -> None:
    """Make a key; it is shown once and kept only as a hash."""
    with Shop.open(directory) as shop:
        made = shop.keyring.create(cast("Role", role), label, rate=rate, burst=burst, days=days)
    _show(made, json=json)


@keys_app.command("list")
def list_command(directory: ShopDir, json: Json = False) -> None:
    """List the keys, without their secrets."""
    with Shop.open(directory) as shop:
        keys = shop.keyring.list()
    if json:
        print_json({"keys": keys})
        return
    rows = [[key.id, key.role, key.label, state_of(key), f"{key.rate:g}/s", key.last_used or "never"] for key in keys]
    print_rows("", ["id", "role", "label", "state", "rate", "last used"], rows)


@keys_app.command("rotate")
def rotate_command(
    directory: ShopDir,
    key: KeyId,
    overlap: Annotated[float, typer.Option(help="Hours that the old key goes on working.")] = 24.0,
    json: Json = False,
) -> None:
    """Make a key that takes over from another."""
    with Shop.open(directory) as shop:
        made = shop.keyring.rotate(key, overlap)
    _show(made, json=json)


@keys_app.command("revoke")
def revoke_command(directory: ShopDir, key: KeyId, json: Json = False) -> None:
    """Stop a key at once."""
    with Shop.open(directory) as shop:
        shop.keyring.revoke(key)
    if json:
        print_json({"revoked": key})
        return
    out.print(f"{key} works no longer.", soft_wrap=True)


def _show(made: NewKey, *, json: bool) -> None:
    if json:
        print_json({"info": made.info, "secret": made.secret})
        return
    out.print(made.secret, soft_wrap=True, highlight=False)
    err.print(f"{made.info.role} key {made.info.id}. It is shown this once: keep it where secrets are kept.")
