"""A language model behind an OpenAI-compatible address: asked for JSON, and told no personal data."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from regulars.core.errors import RegularsError, SettingsError
from regulars.privacy.masks import mask

if TYPE_CHECKING:
    from regulars.core.settings import LanguageSettings

LONGEST_ANSWER = 1 << 20
"""Bytes."""


class ModelError(RegularsError):
    """The language model could not be asked or said nothing usable."""


@dataclass(frozen=True)
class ChatModel:
    """A chat model, asked one thing at a time.

    Parameters
    ----------
    endpoint
        Where its API begins, such as http://127.0.0.1:8080/v1.
    model
        Its name there.
    key
        Sent as a bearer token; '' sends none.
    seconds
        How long to wait for an answer.
    """

    endpoint: str
    model: str
    key: str = ""
    seconds: float = 20.0

    def ask_json(self, instructions: str, text: str, schema: dict[str, Any]) -> Any:
        """Return the JSON value the model answers with.

        Personal data in `text` are masked before they leave the process. Temperature 0; the schema goes along for
        servers that enforce one, and what comes back must be checked by the caller all the same.

        Raises
        ------
        ModelError
            It cannot be reached, refuses, or does not answer with JSON.
        """
        body = {
            "model": self.model,
            "temperature": 0,
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": mask(text)},
            ],
            "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}},
        }
        answer = self._post("/chat/completions", json.dumps(body, ensure_ascii=False).encode())
        try:
            said = json.loads(answer)["choices"][0]["message"]["content"]
            return json.loads(_bare(said))
        except (KeyError, IndexError, TypeError, ValueError):
            raise ModelError("the language model did not answer with JSON", where=self.endpoint) from None

    def _post(self, path: str, body: bytes) -> bytes:
        address = urlsplit(self.endpoint)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=self.seconds)
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        try:
            connection.request("POST", address.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            text = answer.read(LONGEST_ANSWER + 1)
        except (OSError, HTTPException) as error:
            raise ModelError(
                f"the language model cannot be reached ({type(error).__name__})", where=self.endpoint
            ) from None
        finally:
            connection.close()
        if answer.status != 200 or len(text) > LONGEST_ANSWER:
            raise ModelError(f"the language model answered {answer.status}", where=self.endpoint)
        return text


def _bare(text: str) -> str:
    """Return what stands inside a code fence, which models like to put round JSON."""
    text = text.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].rpartition("```")[0]
    return text


def chat_model(settings: LanguageSettings) -> ChatModel | None:
    """Return the model that the settings name; None when they name none.

    Raises
    ------
    SettingsError
        The key it needs is not in the environment.
    """
    if not settings.endpoint:
        return None
    key = ""
    if settings.key_variable:
        key = os.environ.get(settings.key_variable, "")
        if not key:
            raise SettingsError(
                f"the environment has no {settings.key_variable}",
                where="language.key_variable",
                fix="Put the model's key there, or leave the setting empty.",
            )
    return ChatModel(settings.endpoint, settings.model, key, settings.seconds)
