"""The same question read by a language model, where a shop has one: it chooses, it never writes a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regulars.core.errors import UsageError
from regulars.core.records import Understood
from regulars.insights.params import parse
from regulars.insights.questions import QUESTIONS, describe
from regulars.insights.where import read_condition
from regulars.language.chat import ModelError

if TYPE_CHECKING:
    from datetime import date

    from regulars.language.chat import ChatModel

INSTRUCTIONS = (
    "You map a shop keeper's question, English or Chinese, to one of the analytics questions below and its parameters. "
    'Answer with JSON only: {{"name": NAME or null, "params": {{PARAMETER: TEXT}}}}. Use only parameters of that '
    "question, days as YYYY-MM-DD, lists joined with commas, and leave out what was not said. Today is {today}.\n\n"
    "{questions}"
)


def ask_model(model: ChatModel, text: str, today: date) -> Understood:
    """Return what a language model takes a question to mean.

    Its answer is checked like a person's: a question or a parameter that does not exist is refused.

    Raises
    ------
    ModelError
        It cannot be asked, or what it says cannot be used.
    """
    instructions = INSTRUCTIONS.format(today=today.isoformat(), questions=_listed())
    said = model.ask_json(instructions, text, _schema())
    name = said.get("name") if isinstance(said, dict) else None
    if name is None:
        return Understood(name=None, by="model")
    params = said.get("params") or {}
    if not isinstance(name, str) or name not in QUESTIONS or not isinstance(params, dict):
        raise ModelError(f"the language model named no question of ours: '{str(name)[:80]}'")
    given = {str(key): _text(value) for key, value in params.items() if value not in (None, "", [])}
    try:
        typed = parse(QUESTIONS[name].params, given)
        for condition in typed.where:
            _ = read_condition(condition)
    except UsageError as error:
        raise ModelError(f"the language model gave a parameter that cannot be used: {error}") from None
    return Understood(name=name, params=given, reading=[(QUESTIONS[name].title, name)], confidence=1.0, by="model")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed() -> str:
    lines: list[str] = []
    for name, about in describe().items():
        lines.append(f"{name}: {about['title']} {about['description']}")
        lines += [f"  {param}: {what['type']}. {what['description']}" for param, what in about["params"].items()]
    return "\n".join(lines)


def _schema() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "name": {"type": ["string", "null"], "enum": [*QUESTIONS, None]},
            "params": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["name", "params"],
        "additionalProperties": False,
    }
