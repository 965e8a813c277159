"""Forms as browsers send them without JavaScript."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from regulars.core.errors import UsageError

MAX_BYTES = 1 << 20
MAX_FIELDS = 50


async def read_form(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Return field → value of a sent form; of a field sent twice the last.

    Raises
    ------
    UsageError
        It is too large to be one of ours.
    """
    body = await request.body()
    if len(body) > MAX_BYTES:
        raise UsageError(f"a form has at most {MAX_BYTES:,} bytes", where="body")
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise UsageError(f"a form has at most {MAX_FIELDS} fields", where="body") from None
    # Browsers end the lines of a text with two characters.
    return {name: value.replace("\r\n", "\n") for name, value in pairs}


FORM = Provide(read_form)
Form = NamedDependency[SkipValidation[dict[str, str]]]
