"""`privacy mask`: a text without personal data, line by line."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from regulars.cli.options import Json, names
from regulars.core.errors import InputError
from regulars.shop.masking import MaskedText, mask_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_LONE = re.compile("[\ud800-\udfff]")


def mask_command(
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="A text file; '-' or none: standard input.")
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option(
            help="phone, id_number, card, email, ip, iban, us_ssn, name, address; comma-separated, default all."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Mask personal data in a text, line by line; bytes that are no UTF-8 pass through."""
    if path is None or str(path) == "-":
        _write(sys.stdin.buffer, kinds, json)
        return
    try:
        handle = path.open("rb")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path), fix="Name a text file.") from error
    with handle:
        _write(handle, kinds, json)


def _write(source: BinaryIO, kinds: str | None, json: bool) -> None:
    out = sys.stdout.buffer
    for masked in mask_lines(_lines(source), names(kinds)):
        if json:
            out.write(_json_line(masked))
        else:
            out.write(masked.text.encode("utf-8", "surrogateescape"))
    out.flush()


def _lines(source: BinaryIO) -> Iterator[str]:
    """Yield the lines with their ends; a byte that is no UTF-8 becomes a lone surrogate, and that byte again later."""
    for line in source:
        yield line.decode("utf-8", "surrogateescape")


def _json_line(masked: MaskedText) -> bytes:
    """Return one JSON line; JSON has no broken bytes, each becomes U+FFFD so that offsets hold."""
    text = _LONE.sub("\ufffd", masked.text.removesuffix("\n").removesuffix("\r"))
    return msgspec.json.encode({"text": text, "spans": masked.spans}) + b"\n"
