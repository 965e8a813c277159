"""`privacy`: what people can ask for, and what may leave the shop."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from regulars.cli.masking import mask_command
from regulars.cli.options import Json, ShopDir, names
from regulars.cli.output import EXIT_FAILED, out, print_json, print_rows
from regulars.core.errors import InputError, UsageError
from regulars.core.rights import Receipt
from regulars.shop import Shop

if TYPE_CHECKING:
    from regulars.core.rights import RightsRequest

User = Annotated[str, typer.Argument(metavar="USER", help="The customer, by the shop's own id.")]
privacy_app = typer.Typer(
    name="privacy",
    help="Consents, rights of people, masking, and exports that name nobody.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_ = privacy_app.command("mask")(mask_command)


@privacy_app.command("export")
def export_command(
    directory: ShopDir,
    user: User,
    output: Annotated[Path | None, typer.Option("--out", help="Where to write; default: USER.zip here.")] = None,
    json: Json = False,
) -> None:
    """Write everything the shop holds about a customer into an archive for them."""
    with Shop.open(directory) as shop:
        data = shop.rights.export(user)
    path = output or Path(f"{''.join(c if c.isalnum() else '-' for c in user)[:60]}.zip")
    path.write_bytes(data)
    if json:
        print_json({"user": user, "file": str(path), "bytes": len(data)})
        return
    out.print(f"Wrote {path} ({len(data):,} bytes).", soft_wrap=True)


@privacy_app.command("erase")
def erase_command(
    directory: ShopDir,
    user: User,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Erase a customer: unreadable at once, physically gone within a minute; prints the signed receipt."""
    # Whoever runs it from a program has decided already.
    if not yes and not json and sys.stdin.isatty():
        typer.confirm(f"Erase {user} for good?", abort=True)
    with Shop.open(directory) as shop:
        request = shop.rights.erase(user)
    _show(request, json=json)


@privacy_app.command("consents")
def consents_command(
    directory: ShopDir,
    user: User,
    give: Annotated[str | None, typer.Option(help="Purposes they agree to, comma-separated.")] = None,
    withdraw: Annotated[str | None, typer.Option(help="Purposes they refuse, comma-separated.")] = None,
    notice: Annotated[str, typer.Option(help="Version of the notice they saw; default: the one in force.")] = "",
    json: Json = False,
) -> None:
    """Show what a customer agreed to and refused, or record new answers."""
    answers = dict.fromkeys(names(give) or [], True) | dict.fromkeys(names(withdraw) or [], False)
    with Shop.open(directory) as shop:
        found = (
            shop.rights.set_consents(user, answers, source="cli", notice=notice)
            if answers
            else shop.rights.consents(user)
        )
        history = shop.rights.consent_history(user)
    if json:
        print_json({"user": user, "consents": found, "history": history})
        return
    rows = [[one.purpose, "given" if one.given else "refused", one.time, one.source, one.notice] for one in found]
    print_rows("", ["purpose", "answer", "when", "from", "notice"], rows)


@privacy_app.command("correct")
def correct_command(
    directory: ShopDir,
    user: User,
    values: Annotated[list[str], typer.Option("--set", help="field=value; 'field=' deletes it. Repeat as needed.")],
    json: Json = False,
) -> None:
    """Correct what the shop knows about a customer."""
    traits: dict[str, Any] = {}
    for value in values:
        field, equals, text = value.partition("=")
        if not equals or not field.strip():
            raise UsageError(f"'{value}' is not field=value", where="--set")
        traits[field.strip()] = text or None
    with Shop.open(directory) as shop:
        profile = shop.rights.correct(user, traits)
    if json:
        print_json({"user": user, "profile": profile})
        return
    print_rows("", ["field", "value"], [[name, str(value)] for name, value in profile.items()])


@privacy_app.command("requests")
def requests_command(directory: ShopDir, json: Json = False) -> None:
    """List what people asked for, newest first."""
    with Shop.open(directory) as shop:
        found = shop.rights.requests()
    if json:
        print_json({"requests": found})
        return
    rows = [[one.id, one.kind, one.status, one.requested, one.due, one.subject_hash[:12]] for one in found]
    print_rows("", ["id", "kind", "status", "asked", "due by", "person"], rows)


@privacy_app.command("verify")
def verify_command(
    directory: ShopDir,
    receipt: Annotated[Path, typer.Argument(metavar="RECEIPT.json", help="A receipt, as `erase --json` prints it.")],
    json: Json = False,
) -> None:
    """Check that a receipt is this shop's and unchanged."""
    try:
        found = msgspec.json.decode(receipt.read_bytes(), type=_Holder).receipt
    except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InputError(f"is not a receipt ({error})", where=str(receipt)) from None
    with Shop.open(directory) as shop:
        good = found is not None and shop.rights.verifies(found)
    if json:
        print_json({"valid": good})
    else:
        out.print("The receipt is genuine." if good else "The receipt is NOT genuine.")
    if not good:
        raise typer.Exit(EXIT_FAILED)


@privacy_app.command("share")
def share_command(
    directory: ShopDir,
    output: Annotated[Path, typer.Argument(metavar="OUT.csv", help="Where to write.")],
    by: Annotated[str, typer.Option(help="Columns of the events, comma-separated.")] = "day,kind,country,region,device",
    k: Annotated[int | None, typer.Option(help="Smallest group of customers; default: regulars.toml's.")] = None,
    json: Json = False,
) -> None:
    """Write counts for an analyst in which no group has fewer than k customers."""
    with Shop.open(directory) as shop:
        report = shop.sharing.share(output, names(by) or [], k)
    if json:
        print_json(report)
        return
    out.print(
        f"Wrote {output}: {report['groups']:,} groups of at least {report['k']} customers; "
        f"{report['suppressed_events']:,} events left out.",
        soft_wrap=True,
    )


@privacy_app.command("count")
def count_command(
    directory: ShopDir,
    kind: Annotated[str, typer.Option(help="Of customers with an event of this kind; default: of any.")] = "",
    day: Annotated[str, typer.Option(help="On this day (YYYY-MM-DD); default: ever.")] = "",
    epsilon: Annotated[float, typer.Option(help="Privacy to spend: smaller is noisier.")] = 0.5,
    json: Json = False,
) -> None:
    """Publish how many customers there are, with differential privacy, against a monthly budget."""
    with Shop.open(directory) as shop:
        answer = shop.sharing.count(kind=kind, day=day, epsilon=epsilon)
    if json:
        print_json(answer)
        return
    out.print(
        f"{answer['count']:,} ± {answer['interval']} (95%); {answer['budget_left']:.2f} of this month's ε left",
        soft_wrap=True,
    )


class _Holder(msgspec.Struct):
    receipt: Receipt | None = None


def _show(request: RightsRequest, *, json: bool) -> None:
    if json:
        print_json(request)
        return
    if request.receipt is None:
        out.print(f"{request.id} is {request.status}: {request.detail or 'the rest follows within a minute'}")
        return
    rows = [[one.where, one.what, one.count] for one in request.receipt.removals]
    print_rows(f"Receipt {request.receipt.id}", ["where", "what", "removed"], rows)
