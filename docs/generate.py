"""Write the pages of the documentation that come from the code: settings.md, cli.md, questions.md."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import msgspec

from regulars.core.settings import Settings, descriptions
from regulars.insights import GROUPS, QUESTIONS, describe

FOLDER = Path(__file__).parent
COMMANDS = (
    "demo", "init", "import", "doctor", "serve", "compact", "insights", "ask", "cohorts list", "cohorts show",
    "cohorts create", "cohorts delete", "sql", "live", "alerts", "learn", "models", "recommend", "evaluate",
    "keys create", "keys list", "keys rotate", "keys revoke", "privacy mask", "privacy consents", "privacy export",
    "privacy correct", "privacy erase", "privacy requests", "privacy verify", "privacy share", "privacy count",
)  # fmt: skip


def settings_page() -> str:
    """Return the page of every setting, with its default."""
    lines = ["# Settings", "", "`regulars.toml` in the shop's directory. Every setting, its default, what it does.", ""]
    for section in msgspec.structs.fields(Settings):
        value = getattr(Settings(), section.name)
        lines += [f"## {section.name}", "", (type(value).__doc__ or "").splitlines()[0], ""]
        for name, text in descriptions(type(value)).items():
            default = msgspec.json.encode(getattr(value, name)).decode()
            lines += [f"- `{section.name}.{name}` (default `{default}`): {text}"]
        lines.append("")
    return "\n".join(lines)


def questions_page() -> str:
    """Return the page of every question: its parameters, and the rules by which it counts."""
    lines = [
        "# Questions",
        "",
        "Each question is `regulars insights DIR NAME --param NAME=VALUE`, `GET /api/insights/NAME?NAME=VALUE`, a page "
        "of the dashboard, and `shop.insights(NAME, NAME=VALUE)`. What they have in common: [insights](insights.md).",
        "",
    ]
    about = describe()
    for group, heading in GROUPS.items():
        lines += [f"## {heading}", ""]
        for question in (question for question in QUESTIONS.values() if question.group == group):
            rules = inspect.cleandoc(question.function.__doc__ or "")
            lines += [f"### {question.name}", "", f"**{question.title}** {question.description}", "", rules, ""]
            lines += ["| parameter | takes | by default | what it does |", "|---|---|---|---|"]
            for name, param in about[question.name]["params"].items():
                default = param["default"]
                shown = "" if default in (None, "", (), []) else f"`{_plain(default)}`"
                takes, does = (text.replace("|", "\\|") for text in (param["type"], param["description"]))
                lines.append(f"| `{name}` | {takes} | {shown} | {does} |")
            lines.append("")
    return "\n".join(lines)


def _plain(default: object) -> str:
    return ",".join(map(str, default)) if isinstance(default, list | tuple) else str(default)


def cli_page() -> str:
    """Return the page of every command's help."""
    lines = ["# Commands", "", "Every command takes `--json`. Exit status: 0 done, 1 failed, 2 wrong use.", ""]
    for command in COMMANDS:
        shown = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "regulars", *command.split(), "--help"],
            capture_output=True,
            text=True,
            check=True,
            env={"COLUMNS": "110", "PATH": "/usr/bin:/bin", "TERM": "dumb", "NO_COLOR": "1"},
        ).stdout
        lines += [f"## {command}", "", "```", shown.strip(), "```", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    (FOLDER / "settings.md").write_text(settings_page(), "utf-8")
    (FOLDER / "cli.md").write_text(cli_page(), "utf-8")
    (FOLDER / "questions.md").write_text(questions_page(), "utf-8")
    print(f"Wrote {FOLDER}/settings.md, cli.md and questions.md")
