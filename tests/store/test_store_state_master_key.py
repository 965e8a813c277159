"""The master key: from the environment or a private file, and what follows from it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import DamagedError, SettingsError
from regulars.store import master_key
from regulars.store.master_key import FILE_NAME, VARIABLE, MasterKey, load_or_create

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(200, 232))


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_a_derived_key_is_hkdf_sha256():
    # RFC 5869: extract with the salt, expand with the name and the counter 1; one block is enough for 32 bytes.
    extracted = hmac.new(b"regulars", KEY, hashlib.sha256).digest()
    assert MasterKey(KEY, "file").derive(b"pepper") == hmac.new(extracted, b"pepper\x01", hashlib.sha256).digest()


def test_derived_keys_have_nothing_in_common():
    names = [b"", b"pepper", b"receipts", b"cookies"]
    assert len({MasterKey(KEY, "file").derive(name) for name in names}) == 4
    assert MasterKey(KEY, "file").derive(b"pepper") == MasterKey(KEY, "environment").derive(b"pepper")


@pytest.mark.parametrize(
    "text",
    [
        KEY.hex(),
        KEY.hex().upper(),
        base64.b64encode(KEY).decode(),
        base64.urlsafe_b64encode(KEY).decode(),
        f" {base64.b64encode(KEY).decode()}\n",
    ],
)
def test_the_variable_may_be_base_64_or_hexadecimal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.setenv(VARIABLE, text)
    master = load_or_create(tmp_path)
    assert (master.key, master.source) == (KEY, "environment")
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize("text", ["", "secret", KEY[:31].hex(), KEY.hex() + "00", "é" * 44, base64.b64encode(KEY[:16])])
def test_a_variable_that_is_no_key_is_an_error_never_a_fallback(tmp_path: Path, monkeypatch, text):
    monkeypatch.setenv(VARIABLE, text if isinstance(text, str) else text.decode())
    with pytest.raises(SettingsError, match=f"{VARIABLE}.*32 bytes"):
        load_or_create(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_made_once_private_and_read_back(tmp_path: Path):
    first = load_or_create(tmp_path)
    assert first.source == "file"
    assert len(first.key) == 32
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert load_or_create(tmp_path).key == first.key
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_key_that_another_process_made_in_between_is_never_replaced(tmp_path: Path):
    first = load_or_create(tmp_path).key
    master_key._create(tmp_path / FILE_NAME)
    assert load_or_create(tmp_path).key == first
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_file_that_others_can_read_is_refused(tmp_path: Path):
    load_or_create(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o640)
    with pytest.raises(SettingsError, match=r"read by others.*chmod 600"):
        load_or_create(tmp_path)


def test_a_damaged_file_is_not_replaced(tmp_path: Path):
    load_or_create(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe rubbish")
    with pytest.raises(SettingsError, match="32 bytes"):
        load_or_create(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == b"\xff\xfe rubbish"


def test_no_new_key_is_made_beside_subject_keys_that_need_the_old_one(tmp_path: Path):
    (tmp_path / "keys.db").write_bytes(b"")
    with pytest.raises(DamagedError, match=r"is gone.*backup"):
        load_or_create(tmp_path)
    assert not (tmp_path / FILE_NAME).exists()


def test_the_key_is_not_printed():
    text = repr(MasterKey(KEY, "file"))
    assert text == "MasterKey(source='file')"


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; from regulars.store.master_key import load_or_create\n"
        "sys.stdin.readline(); print(load_or_create(Path(sys.argv[1])).key.hex())\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    found = {child.communicate()[0] for child in children}
    assert found == {load_or_create(tmp_path).key.hex() + "\n"}
