"""Identifiers that end an address."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from litestar import Request
from litestar.params import PathParameter

from regulars.core.errors import UsageError
from regulars.web.desk import ASKED

LONGEST = 4_096
Customer = Annotated[Path, PathParameter(description="The customer, by the shop's own id.")]


def tail(request: Request[Any, Any, Any], path: Path) -> str:
    """Return the identifier that ends the address: it may hold slashes, and has none in front.

    The router makes two slashes one and drops the last one; an identifier such as `https://id.example/7/` is
    somebody else's then, so it is taken from the address as it was asked for.

    Raises
    ------
    UsageError
        It is longer than any shop's ids are.
    """
    asked = str(request.scope.get(ASKED, ""))
    prefix = request.scope["path_template"].partition("{")[0]
    found = asked.removeprefix(prefix) if asked.startswith(prefix) else str(path).removeprefix("/")
    if len(found) > LONGEST:
        raise UsageError(f"an identifier has at most {LONGEST} characters", where="id")
    return found
