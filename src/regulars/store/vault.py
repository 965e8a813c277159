"""What a shop keeps secret or owes to people: keys, pseudonyms, consents, requests; opened together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.core.errors import DamagedError
from regulars.privacy.pseudonyms import Pseudonyms
from regulars.privacy.sealing import is_sealed, seal, unseal
from regulars.store.api_keys import ApiKeys
from regulars.store.budget import Budget
from regulars.store.consents import Consents
from regulars.store.master_key import load_or_create
from regulars.store.requests import Requests
from regulars.store.state import State
from regulars.store.subject_keys import SubjectKeys

if TYPE_CHECKING:
    from pathlib import Path


class Vault:
    """Opened with the store; threads may share it, other processes may open the same directory.

    Parameters
    ----------
    directory
        The shop.
    tenant
        Keeps this shop's pseudonyms apart from every other's.
    """

    def __init__(self, directory: Path, tenant: str) -> None:
        self.tenant = tenant
        self.master = load_or_create(directory)
        self.pseudonyms = Pseudonyms(self.master.derive(b"pepper"), tenant)
        self.keys = SubjectKeys(directory / "keys.db", self.master.derive(b"subject keys"), tenant)
        self.state = State(directory / "state.db")
        self.consents = Consents(self.state)
        self.api_keys = ApiKeys(self.state)
        self.requests = Requests(self.state)
        self.budget = Budget(self.state)

    def close(self) -> None:
        """Let go of the databases."""
        self.keys.close()
        self.state.close()

    def purge(self) -> None:
        """Write the databases anew, so that no copy of what was deleted stays in their free pages."""
        self.keys.purge()
        self.state.purge()

    def seal(self, subject: str, field: str, text: str) -> str:
        """Encrypt a personal field with its subject's own key, made when it is the first."""
        key = self.keys.key(subject) or self.keys.ensure({subject: ""})[subject]
        return seal(key, text, tenant=self.tenant, subject=subject, field=field)

    def unseal(self, subjects: list[str], field: str, token: object) -> str | None:
        """Decrypt a field sealed under one of these pseudonyms of one person; None when its key is gone."""
        if not isinstance(token, str) or not is_sealed(token):
            return None
        for subject, key in self.keys.keys(subjects).items():
            try:
                return unseal(key, token, tenant=self.tenant, subject=subject, field=field)
            except DamagedError:
                continue
        return None
