"""One tree of errors: what was wrong, where, and what to do about it."""

from __future__ import annotations


class RegularsError(Exception):
    """Base of every error a person can act on.

    Parameters
    ----------
    message
        What was wrong, in one sentence.
    where
        File, line, field, setting or address it was found at.
    fix
        What to do next.
    """

    def __init__(self, message: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.message}" if self.where else self.message]
        if self.fix:
            parts.append(self.fix)
        return " ".join(parts)


class UsageError(RegularsError):
    """The call itself is wrong: an unknown name, options that exclude each other."""


class InputError(RegularsError):
    """A file cannot be read as what it was said to be."""


class SettingsError(RegularsError):
    """`regulars.toml` or a mapping file holds something that cannot be used."""


class NotFoundError(RegularsError):
    """A shop, customer, item, question or model that does not exist."""


class NotLearnedError(RegularsError):
    """A model was asked before it was learned."""


class DamagedError(RegularsError):
    """A file of the shop is missing or is not what was written."""


class DeniedError(RegularsError):
    """A key is missing, unknown, or not allowed to do this; `known` tells the second from the first."""

    def __init__(self, message: str, *, where: str = "", fix: str = "", known: bool = False) -> None:
        super().__init__(message, where=where, fix=fix)
        self.known = known


class BusyError(RegularsError):
    """More is asked than can be taken in now; asking again after `retry_after` seconds will do."""

    def __init__(self, message: str, *, where: str = "", fix: str = "", retry_after: float = 1.0) -> None:
        super().__init__(message, where=where, fix=fix)
        self.retry_after = retry_after


class DiskError(RegularsError):
    """The disk did not take what had to be durable: nothing was acknowledged."""
