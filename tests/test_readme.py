"""Every command of the README runs, in both languages, in the order a reader would type them."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMES = ["README.md", "README.zh.md"]


def blocks(name: str) -> list[tuple[str, str, str]]:
    """Return (language, file name, text) of each fenced block."""
    text = (ROOT / name).read_text("utf-8")
    return [(language, title.strip(), body) for language, title, body in FENCE.findall(text)]


@pytest.mark.parametrize("name", NAMES)
def test_each_command_of_the_readme_works(name: str, tmp_path: Path) -> None:
    """Files are written as shown, commands run as shown; `make` targets exist; the server answers and stops."""
    ran = 0
    for language, title, body in blocks(name):
        if language == "csv":
            (tmp_path / title).write_text(body, "utf-8")
        elif language == "sh":
            for line in body.splitlines():
                words = shlex.split(line, comments=True)
                if words:
                    _run(words, tmp_path)
                    ran += 1
    assert ran >= 12


def test_both_readmes_show_the_same_commands() -> None:
    """A command that changes in one changes in the other."""
    english, chinese = ([shlex.split(b, comments=True) for lang, _, b in blocks(n) if lang == "sh"] for n in NAMES)
    assert english == chinese


@pytest.mark.parametrize("name", NAMES)
def test_links_and_pictures_exist(name: str) -> None:
    """Every relative link leads to a file."""
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text("utf-8")):
        if "://" not in target:
            assert (ROOT / target).exists(), target


def _run(words: list[str], folder: Path) -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    if words[0] == "make":
        done = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return
    if words[0] == "pip":
        # This very checkout is installed; that its metadata names the extra is what can be wrong here.
        from importlib.metadata import metadata

        assert "demo" in (metadata("regulars").get_all("Provides-Extra") or [])
        return
    if words[:2] == ["regulars", "serve"]:
        _serve(words, folder, environment)
        return
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stderr}"
    assert done.stdout.strip()


def _serve(words: list[str], folder: Path, environment: dict[str, str]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([*words, "--port", str(port)], cwd=folder, env=environment, stderr=subprocess.PIPE)
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/dashboard", timeout=5) as answer:
                    assert answer.status == 200
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("the dashboard did not answer")
    finally:
        server.terminate()
        _, said = server.communicate(timeout=30)
    assert f"http://127.0.0.1:{port}/dashboard" in said.decode()


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_the_results_of_the_benchmarks(name: str) -> None:
    """No figure is typed by hand."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.tables import filled
    finally:
        sys.path.pop(0)
    text = (ROOT / name).read_text("utf-8")
    assert filled(text) == text
    assert text.count("<!-- table:") == 8
