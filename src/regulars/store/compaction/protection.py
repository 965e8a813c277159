"""What of an event is kept, and in which form: personal fields sealed, free text masked, the sender's own ids gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from regulars.privacy.masks import mask_structured
from regulars.privacy.personal import is_personal, split
from regulars.store.compaction.masked import is_code, masked, masked_name, suspicious, without

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regulars.store.vault import Vault

_ENCODE = msgspec.json.Encoder(enc_hook=str).encode
_KEPT: Final = 10_000
"""Names of fields, and sessions, whose answers are remembered."""
_Known = tuple[str, bool]
"""What a field is to be called, and whether it is personal; None for a plain field that keeps its name."""


class Protection:
    """Seals and masks the properties of events and the traits of customers."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._names: dict[str, _Known | None] = {}
        self._sessions: dict[str, str] = {}

    def properties(self, subject: str, properties: dict[str, Any], *own: str | None) -> str | None:
        """Return the properties as JSON, ready to be stored.

        Parameters
        ----------
        subject
            Whose event it is.
        properties
            As the client said them.
        own
            The shop's ids of that person and their device: where a property repeats one, their pseudonym stands.
        """
        if not properties:
            return None
        sealed = self._sealed_inside(subject, properties)
        text = _ENCODE(sealed).decode()
        for one in own:
            if one is not None and (one in text or '"' in one or "\\" in one):
                sealed = without(sealed, {one}, subject)
                text = _ENCODE(sealed).decode()
        if suspicious(text):
            text = _ENCODE(masked(sealed)).decode()
        return text

    def has_personal(self, properties: dict[str, Any]) -> bool:
        """Tell whether a property will be sealed."""
        names = self._names
        for name in properties:
            known = names[name] if name in names else self._look(name)
            if known is not None and known[1]:
                return True
        return False

    def traits(self, subject: str, traits: Mapping[str, Any], *own: str | None) -> dict[str, Any]:
        """Return traits with the personal ones sealed, the others masked, and those that repeat an own id left out.

        An object in which anything is personal is sealed whole.
        """
        named = {self._name(name): value for name, value in traits.items()}
        plain, personal = split(named)
        ids = {one for one in own if one is not None}
        kept: dict[str, Any] = {}
        for name, value in plain.items():
            if name not in personal and (rest := without({name: value}, ids, None) if ids else {name: value}):
                kept[name] = masked(rest[name], code=is_code(name))
        return kept | {name: self.sealed(subject, name, named[name]) for name in personal}

    def sealed(self, subject: str, name: str, value: object) -> str:
        """Return a personal value, encrypted; what it was is JSON inside."""
        return self._vault.seal(subject, name, _ENCODE(value).decode())

    def identifier(self, text: str) -> str:
        """Return the id of an event or a visit; a keyed hash of it where it is itself personal data.

        Without the key a hash of a telephone number is looked up in a table of all of them.
        """
        return text if mask_structured(text) == text else self._vault.pseudonyms.blind("identifier", text)

    def session(self, given: str, *own: str | None) -> str:
        """Return what a client calls a visit, without personal data; often it is the device's id."""
        if given in own:
            return self._vault.pseudonyms.blind("identifier", given)
        found = self._sessions.get(given)
        if found is None:
            if len(self._sessions) > _KEPT:
                self._sessions.clear()
            found = self._sessions[given] = self.identifier(given)
        return found

    def _sealed_inside(self, subject: str, values: dict[str, Any]) -> dict[str, Any]:
        """Return the same object with personal fields sealed, those of objects inside it too, and names masked."""
        names = self._names
        changes: dict[str, tuple[str, Any]] = {}
        for name, value in values.items():
            known = names[name] if name in names else self._look(name)
            if known is not None:
                name_now, personal = known
                inner = self.sealed(subject, name_now, value) if personal else self._inside(subject, value)
                changes[name] = name_now, inner
            elif (type(value) is dict or type(value) is list) and (inner := self._inside(subject, value)) is not value:
                changes[name] = name, inner
        if not changes:
            return values
        return dict(changes.get(name, (name, value)) for name, value in values.items())

    def _inside(self, subject: str, value: Any) -> Any:
        """Return a value with what is personal inside it sealed; the same object where nothing is."""
        if type(value) is dict:
            return self._sealed_inside(subject, value)
        if type(value) is list:
            found = [self._inside(subject, inner) for inner in value]
            return found if any(a is not b for a, b in zip(found, value, strict=True)) else value
        return value

    def _name(self, name: str) -> str:
        known = self._names[name] if name in self._names else self._look(name)
        return name if known is None else known[0]

    def _look(self, name: str) -> _Known | None:
        if len(self._names) > _KEPT:
            self._names.clear()
        now, personal = masked_name(name), is_personal(name)
        known = self._names[name] = (now, personal) if personal or now != name else None
        return known
