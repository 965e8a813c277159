"""What of an event is kept, and in which form: personal fields sealed, free text masked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from regulars.privacy.masks import mask_structured
from regulars.privacy.personal import is_personal, split
from regulars.privacy.sealing import is_sealed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regulars.store.vault import Vault

_SUSPECT = re.compile(rb"[0-9]{5}|@|\xef\xbc[\x90-\x99\xa0]|[0-9][ .()-][0-9]{3}|:[0-9a-fA-F]{0,4}:")
"""A run of digits, an at sign, full-width digits, grouped digits, an IPv6 address: without any of them nothing in
the text can be a phone number, an identity card, a bank card, an address of mail or network."""
_CODE = re.compile(r"(^|[_\-. $])(ids?|skus?|codes?|coupons?|number|no|key|uuid|hash|products)$|[a-z]Ids?$")
"""Names of properties that hold the shop's own codes: an order number of 18 digits must survive."""
_ENCODE = msgspec.json.Encoder(enc_hook=str).encode


class Protection:
    """Seals and masks the properties of events and the traits of customers."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._personal: dict[str, bool] = {}

    def properties(self, subject: str, properties: dict[str, Any]) -> str | None:
        """Return the properties as JSON, ready to be stored."""
        if not properties:
            return None
        sealed = self._sealed_inside(subject, properties)
        text = _ENCODE(sealed)
        if _SUSPECT.search(text):
            text = _ENCODE(masked(sealed))
        return text.decode()

    def has_personal(self, properties: dict[str, Any]) -> bool:
        """Tell whether a property will be sealed."""
        return any(self._is_personal(name) for name in properties)

    def traits(self, subject: str, traits: Mapping[str, Any]) -> dict[str, Any]:
        """Return traits with the personal ones sealed and the others masked."""
        plain, personal = split(traits)
        kept = {name: value if _CODE.search(name) else masked(value) for name, value in plain.items()}
        return kept | {name: self.sealed(subject, name, value) for name, value in personal.items()}

    def sealed(self, subject: str, name: str, value: object) -> str:
        """Return a personal value, encrypted; what it was is JSON inside."""
        return self._vault.seal(subject, name, _ENCODE(value).decode())

    def _sealed_inside(self, subject: str, values: dict[str, Any]) -> dict[str, Any]:
        """Return the same object with personal fields sealed, those of objects inside it too."""
        changes: dict[str, Any] = {}
        for name, value in values.items():
            if self._is_personal(name):
                changes[name] = self.sealed(subject, name, value)
            elif isinstance(value, dict):
                changes[name] = self._sealed_inside(subject, value)
            elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
                changes[name] = [
                    self._sealed_inside(subject, inner) if isinstance(inner, dict) else inner for inner in value
                ]
        return values | changes if changes else values

    def _is_personal(self, name: str) -> bool:
        known = self._personal.get(name)
        if known is None:
            if len(self._personal) > 10_000:
                self._personal.clear()
            known = self._personal[name] = is_personal(name)
        return known


def masked(value: object) -> Any:
    """Return a value with every text inside it masked."""
    if isinstance(value, str):
        return value if is_sealed(value) else mask_structured(value)
    if isinstance(value, dict):
        return {name: inner if _CODE.search(str(name)) else masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return value
