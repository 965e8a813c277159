"""Names for people that only the holder of the pepper can make: keyed hashes.

`H(tenant, kind, id) = HMAC-SHA256(pepper, len(tenant) ‖ tenant ‖ len(kind) ‖ kind ‖ id)` (RFC 2104), lengths as
four bytes, so that no two different triples give the same message. Without the pepper a list of every phone
number in the country does not tell whose pseudonym is whose; a plain hash would.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
import unicodedata
from typing import TYPE_CHECKING

from regulars.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""Base 62, in the order of ASCII."""

_BLOCK = 64  # bytes that SHA-256 takes at a time
_PAIRS = [a + b for a in ALPHABET for b in ALPHABET]
_WORDS = struct.Struct(">6I").unpack_from
_MOBILE = re.compile(r"(?:\+?0{0,2}86)?(1[3-9][0-9]{9})")


class Pseudonyms:
    """Makes the pseudonyms of one tenant.

    A pseudonym is 12 characters of base 62, 71.45 bits. Twelve, because DuckDB keeps texts of up to 12 bytes
    inside its 16-byte string header and reaches for no heap; and because that is enough: among n people the odds
    that any two share one are n²/2 ÷ 62¹², 1.5·10⁻⁸ for ten million and 1.5·10⁻⁴ for a thousand million.

    Parameters
    ----------
    pepper
        At least 16 secret bytes; whoever changes it changes every pseudonym.
    tenant
        Name of the shop: the same customer has unrelated pseudonyms in two shops.

    Raises
    ------
    UsageError
        The pepper is too short to be a secret.
    """

    def __init__(self, pepper: bytes, tenant: str) -> None:
        if len(pepper) < 16:
            raise UsageError(f"a pepper of {len(pepper)} bytes can be guessed", fix="Use 32 random bytes.")
        self._key = pepper if len(pepper) <= _BLOCK else hashlib.sha256(pepper).digest()
        self._tenant = _sized(tenant)
        # The hash state after the first block of each pass depends on the key alone; kept, it halves the cost
        # of an HMAC of a short text.
        padded = self._key.ljust(_BLOCK, b"\0")
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))
        inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._inner = {kind: inner.copy() for kind in ("user", "anonymous")}
        for kind, state in self._inner.items():
            state.update(self._tenant + _sized(kind))

    def subject(self, user: str) -> str:
        """Return the pseudonym of a known customer."""
        return self.many((user,), "user")[0]

    def anonymous(self, identifier: str) -> str:
        """Return the pseudonym of a visitor who is known by a browser's id alone."""
        return self.many((identifier,), "anonymous")[0]

    def many(self, identifiers: Iterable[str], kind: str = "user") -> list[str]:
        """Return the pseudonym of each id, in order.

        Parameters
        ----------
        identifiers
            Ids as the shop knows them.
        kind
            `user` or `anonymous`.

        Raises
        ------
        UsageError
            There is no such kind.
        """
        state = self._inner.get(kind)
        if state is None:
            raise UsageError(f"'{kind}' is not a kind of pseudonym", fix="Use 'user' or 'anonymous'.")
        start, finish, pairs, words = state.copy, self._outer.copy, _PAIRS, _WORDS
        found: list[str] = []
        for identifier in identifiers:
            inner = start()
            # A lone surrogate is no text, yet it names somebody: it must not stop a batch.
            inner.update(identifier.encode("utf-8", "surrogatepass"))
            outer = finish()
            outer.update(inner.digest())
            # Six 32-bit words modulo 62²; a pair is off from uniform by less than one part in a million.
            a, b, c, d, e, f = words(outer.digest())
            found.append(
                pairs[a % 3844] + pairs[b % 3844] + pairs[c % 3844]
                + pairs[d % 3844] + pairs[e % 3844] + pairs[f % 3844]
            )  # fmt: skip
        return found

    def blind(self, kind: str, value: str) -> str:
        """Return the blind index of a phone number, e-mail address or other id: 32 hexadecimal digits.

        Equal values have equal indexes, so that a person can be found by an address that is stored sealed.
        The value is brought to one form first (see `normalised`); '' when nothing is left of it.
        """
        value = normalised(kind, value)
        return self._hash(f"blind:{kind}", value).hex()[:32] if value else ""

    def suppressed(self, subject: str) -> str:
        """Return what the suppression list keeps of an erased subject: 32 hexadecimal digits."""
        return self._hash("suppressed", subject).hex()[:32]

    def _hash(self, kind: str, value: str) -> bytes:
        message = self._tenant + _sized(kind) + value.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, "sha256")


def normalised(kind: str, value: str) -> str:
    """Return the one form of a value in which equal addresses are equal texts.

    `phone`: digits alone, after a `+` when it was international; a Chinese mobile without +86. `email`: small
    letters. Everything: compatibility forms folded (NFKC: full-width digits), no spaces around.
    """
    value = unicodedata.normalize("NFKC", value).strip()
    if kind == "email":
        return value.casefold()
    if kind == "phone":
        plus = "+" if value.startswith("+") else ""
        value = plus + re.sub(r"[^0-9]", "", value)
        mobile = _MOBILE.fullmatch(value)
        return mobile[1] if mobile else value if value != "+" else ""
    return value


def _sized(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return len(data).to_bytes(4, "big") + data
