"""A question's parameters: typed, explained, and read from what a URL or a command line gives."""

from __future__ import annotations

from datetime import date
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta

from regulars.core.errors import UsageError
from regulars.events.vocabulary import BY_SHOP
from regulars.insights.activity import Span, days_before
from regulars.insights.periods import Period

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_DAYS = 90
"""How much a question by day shows when nobody says."""


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """What every question takes."""

    to: Annotated[
        date | None,
        Meta(
            description="Last day that counts: the answer is the one of that evening. "
            "By default the last day with activity."
        ),
    ] = None
    where: Annotated[
        tuple[str, ...],
        Meta(
            max_length=20,
            description="Only events for which all these hold, joined with commas: country=CN|JP, device!=bot, "
            "value>=10, segment=regular, cohort:NAME=in. By default all.",
        ),
    ] = ()


class KindParams(Params, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A question about activity, of all kinds or of some."""

    kinds: Annotated[
        tuple[str, ...],
        Meta(description="Only these kinds of event count as activity, joined with commas. By default all."),
    ] = ()

    def __post_init__(self) -> None:
        """Refuse kinds that are no activity: the answer would be silently empty."""
        if by_shop := sorted(BY_SHOP.intersection(self.kinds)):
            raise UsageError(
                f"'{by_shop[0]}' is done by the shop, so it is not activity of customers",
                where="kinds",
                fix="Choose kinds such as view, cart or purchase.",
            )


FromDay = Annotated[
    date | None,
    Meta(
        description="First day shown; a week or a month that holds it is shown whole. Earlier events still "
        "count as history. By default the last 90 days by day, everything by week or month."
    ),
]
ByPeriod = Annotated[Period, Meta(description="What is counted together: day, week (from Monday) or month.")]
P = TypeVar("P", bound=Params)


def check_order(first: date | None, last: date | None) -> None:
    """Raise UsageError when a range ends before it begins."""
    if first is not None and last is not None and first > last:
        raise UsageError(f"{first} is later than 'to', {last}", where="from", fix="Exchange the two days.")


def shown_from(first: date | None, span: Span, period: Period) -> date:
    """Return the first day to show: the one asked for, else the default, never before the data."""
    if first is None and period == "day":
        first = days_before(span.last, DEFAULT_DAYS - 1)
    return max(first, span.first) if first else span.first


def understood(params: Params, span: Span | None, first: date | None = None) -> dict[str, Any]:
    """Return the parameters ready for JSON, with the defaults that the data decided filled in."""
    shown: dict[str, Any] = msgspec.to_builtins(params)
    if span:
        shown["to"] = span.last.isoformat()
    if first:
        shown["from"] = first.isoformat()
    return shown


def parse(kind: type[P], raw: Mapping[str, Any]) -> P:
    """Return typed parameters from text or values; an empty text, as HTML forms send, means the default.

    Raises
    ------
    UsageError
        A parameter that does not exist or a value it cannot have; `where` names the parameter.
    """
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    values: dict[str, Any] = {}
    for given, value in raw.items():
        # `from` is a keyword, so Python callers write `from_`.
        name = "from" if given == "from_" else given
        if name not in known:
            raise UsageError(
                "there is no such parameter", where=given, fix=f"Parameters: {', '.join(known) or 'none'}."
            )
        if value is not None and value != "":
            values[known[name].name] = _convert(name, value, known[name].type)
    return kind(**values)


def _convert(name: str, value: Any, hint: Any) -> Any:
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if isinstance(value, str):
        value = value.strip()
        if get_origin(plain) is tuple:
            value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return msgspec.convert(value, hint, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"'{str(value)[:80]}' cannot be used: {error}.", where=name, fix=f"It takes {type_name(hint)}."
        ) from None


class Kind(NamedTuple):
    """What a parameter takes, as a form needs to know it."""

    name: Literal["choice", "number", "whole", "day", "flag", "list", "text"]
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


_KINDS: dict[Any, Literal["number", "whole", "day", "flag"]] = {
    int: "whole",
    float: "number",
    date: "day",
    bool: "flag",
}


def kind_of(hint: Any) -> Kind:
    """Return what a parameter of this type takes."""
    least = most = None
    if get_origin(hint) is Annotated:
        hint, *metas = get_args(hint)
        least = next((meta.ge for meta in metas if meta.ge is not None), None)
        most = next((meta.le for meta in metas if meta.le is not None), None)
    if get_origin(hint) in (Union, UnionType):
        return kind_of(next(part for part in get_args(hint) if part is not NoneType))._replace(least=least, most=most)
    if get_origin(hint) is Literal:
        return Kind("choice", tuple(str(choice) for choice in get_args(hint)))
    if get_origin(hint) is tuple:
        return Kind("list")
    return Kind(_KINDS.get(hint, "text"), (), least, most)


def type_name(hint: Any) -> str:
    """Return a type in words, such as 'week, month' or 'a whole number from 1 to 60'."""
    kind = kind_of(hint)
    limits = f" from {kind.least} to {kind.most}" if kind.least is not None and kind.most is not None else ""
    names = {
        "choice": "one of " + ", ".join(kind.choices),
        "number": "a number",
        "whole": "a whole number",
        "day": "a day as YYYY-MM-DD",
        "flag": "true or false",
        "list": "names joined with commas",
        "text": "text",
    }
    return names[kind.name] + limits
