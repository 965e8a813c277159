"""The language model's client against a real server on this machine."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from regulars.core.errors import SettingsError
from regulars.core.settings import LanguageSettings
from regulars.language.chat import ChatModel, ModelError, chat_model

SCHEMA = {"type": "object"}


class Handler(BaseHTTPRequestHandler):
    """Answers what the test told it to, and remembers what it was sent."""

    says = '{"a": 1}'
    status = 200
    seen: ClassVar[list[tuple[str, str | None, dict]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).seen.append((self.path, self.headers["Authorization"], body))
        answer = json.dumps({"choices": [{"message": {"content": self.says}}]}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server():
    Handler.says, Handler.status, Handler.seen = '{"a": 1}', 200, []
    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{found.server_port}/v1"
    found.shutdown()
    thread.join()
    found.server_close()


def test_it_asks_as_the_protocol_says_and_masks_personal_data(server):
    model = ChatModel(server, "small", key="k1")
    assert model.ask_json("Answer.", "call me at 13812345678", SCHEMA) == {"a": 1}
    [(path, authorisation, body)] = Handler.seen
    assert (path, authorisation) == ("/v1/chat/completions", "Bearer k1")
    assert body["model"] == "small"
    assert body["temperature"] == 0
    assert body["messages"][0] == {"role": "system", "content": "Answer."}
    assert "13812345678" not in body["messages"][1]["content"]
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA


def test_json_in_a_code_fence_is_read(server):
    Handler.says = '```json\n{"b": [2]}\n```'
    assert ChatModel(server, "m").ask_json("", "", SCHEMA) == {"b": [2]}


@pytest.mark.parametrize(("says", "status"), [("I cannot say", 200), ("{}", 500), ("", 200)])
def test_what_is_no_json_or_no_success_is_an_error(server, says, status):
    Handler.says, Handler.status = says, status
    with pytest.raises(ModelError):
        _ = ChatModel(server, "m").ask_json("", "", SCHEMA)


def test_a_server_that_is_not_there_is_an_error():
    with pytest.raises(ModelError, match="cannot be reached"):
        _ = ChatModel("http://127.0.0.1:9", "m", seconds=2).ask_json("", "", SCHEMA)


def test_settings_name_the_model_and_where_its_key_is(monkeypatch):
    assert chat_model(LanguageSettings()) is None
    settings = LanguageSettings(endpoint="http://127.0.0.1:1/v1", model="m", key_variable="A_KEY")
    monkeypatch.delenv("A_KEY", raising=False)
    with pytest.raises(SettingsError, match="A_KEY"):
        _ = chat_model(settings)
    monkeypatch.setenv("A_KEY", "secret")
    assert chat_model(settings) == ChatModel("http://127.0.0.1:1/v1", "m", "secret", 10.0)
