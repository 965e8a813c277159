"""What a client says about the visitor's consent."""

from __future__ import annotations

from typing import Any, cast

_WORDS = {"true": True, "granted": True, "yes": True, "false": False, "denied": False, "no": False}
_MOST = 100
"""Purposes: a site has a handful."""


def consent_of(context: dict[str, Any]) -> dict[str, bool] | None:
    """Return the choices in `context.consent.categoryPreferences`."""
    said = context.get("consent")
    if type(said) is not dict:
        return None
    return choices(cast("dict[str, Any]", said).get("categoryPreferences"))


def consent_in(properties: dict[str, Any]) -> dict[str, bool] | None:
    """Return the choices among the properties of an event that is about consent."""
    for key in ("categoryPreferences", "consent"):
        found = choices(properties.get(key))
        if found:
            return found
    return choices(properties)


def choices(said: Any) -> dict[str, bool] | None:
    """Return purpose → given or not, of the entries that say so; None when none does."""
    if type(said) is not dict:
        return None
    found: dict[str, bool] = {}
    for key, value in list(cast("dict[str, Any]", said).items())[:_MOST]:
        choice = _WORDS.get(value.strip().casefold()) if type(value) is str else value
        if type(choice) is bool and key:
            found[key] = choice
    return found or None
