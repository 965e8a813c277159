"""`demo` and `serve`: a shop and its dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regulars.cli.options import Json
from regulars.cli.output import RichProgress, err, out, print_json
from regulars.shop import Shop

HostOption = Annotated[str | None, typer.Option(help="Address to listen on; default: regulars.toml's.")]
PortOption = Annotated[int | None, typer.Option(help="Port to listen on; default: regulars.toml's.")]
WorkersOption = Annotated[int | None, typer.Option(help="Server processes; default: regulars.toml's.")]


def demo_command(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the demo shop lives.")] = Path("demo-shop"),
    host: HostOption = None,
    port: PortOption = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Prepare the shop and stop.")] = False,
    json: Json = False,
) -> None:
    """Load a real grocer's year (1.47 million purchase lines), learn from it, and serve its dashboard."""
    with Shop.demo(directory, RichProgress()) as shop:
        status = shop.status()
    if json:
        print_json(status)
    else:
        out.print(
            f"{status.name}: {status.events:,} events of {status.customers:,} customers, {status.items:,} items",
            soft_wrap=True,
        )
    if not no_serve:
        _serve([directory], host, port, None, trust_network=False)


def serve_command(
    directories: Annotated[list[Path], typer.Argument(metavar="DIR…", help="The shop's directory, or several.")],
    host: HostOption = None,
    port: PortOption = None,
    workers: WorkersOption = None,
    trust_network: Annotated[
        bool,
        typer.Option("--trust-network", help="Listen where other machines can reach it, although no key is asked for."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the address as JSON when ready.")] = False,
) -> None:
    """Serve the collector, the HTTP API and the dashboard until stopped; several shops are reached by key alone."""
    _serve(directories, host, port, workers, trust_network=trust_network, json=json)


def _serve(
    directories: list[Path],
    host: str | None,
    port: int | None,
    workers: int | None,
    *,
    trust_network: bool,
    json: bool = False,
) -> None:
    # Only a server needs the web libraries.
    from regulars.web.serve import serve

    def ready(address: str) -> None:
        if json:
            print_json({"address": address})
        else:
            err.print(f"Dashboard  {address}/dashboard   API  {address}/docs   (Ctrl-C stops)", soft_wrap=True)

    serve(directories, host, port, workers, trust_network=trust_network, on_ready=ready)
