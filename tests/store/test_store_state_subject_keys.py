"""Subject keys: what was sealed with one is gone for good when it is deleted."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import DamagedError, UsageError
from regulars.privacy.pseudonyms import Pseudonyms
from regulars.privacy.sealing import seal, unseal
from regulars.store.subject_keys import SubjectKeys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASTER = bytes(range(32))


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[SubjectKeys]:
    opened = SubjectKeys(tmp_path / "keys.db", MASTER, "shop")
    yield opened
    opened.close()


def people(count: int, start: int = 0) -> dict[str, str]:
    identifiers = [f"customer-{number}" for number in range(start, start + count)]
    return dict(zip(Pseudonyms(bytes(32), "shop").many(identifiers), identifiers, strict=True))


def test_keys_are_made_once_and_names_come_back(keys: SubjectKeys):
    wanted = people(1201) | {"emptyemptyem": "", "longlonglong": "长" * 5000}
    made = keys.ensure(wanted)
    assert made.keys() == wanted.keys()
    assert {len(key) for key in made.values()} == {32}
    assert len(set(made.values())) == len(made)
    assert keys.ensure(wanted) == keys.keys(wanted) == made
    assert keys.names(wanted) == wanted
    assert keys.names(["nobody", "longlonglong"]) == {"longlonglong": "长" * 5000}
    subject = next(iter(wanted))
    assert (keys.key(subject), keys.name(subject)) == (made[subject], wanted[subject])
    assert (keys.key("nobody"), keys.name("nobody")) == (None, None)
    assert keys.count() == len(wanted)


def test_an_id_of_a_subject_that_has_a_key_is_not_replaced(keys: SubjectKeys):
    first = keys.ensure({"one": "42"})
    assert keys.ensure({"one": "43", "two": "2"})["one"] == first["one"]
    assert keys.names(["one", "two"]) == {"one": "42", "two": "2"}


def test_keys_outlive_the_process(keys: SubjectKeys, tmp_path: Path):
    made = keys.ensure(people(3))
    keys.close()
    again = SubjectKeys(tmp_path / "keys.db", MASTER, "shop")
    assert again.keys(made) == made
    assert again.names(made) == people(3)
    again.close()


def test_the_file_holds_neither_keys_nor_names_in_the_clear(keys: SubjectKeys, tmp_path: Path):
    made = keys.ensure(people(50))
    data = (tmp_path / "keys.db").read_bytes() + (tmp_path / "keys.db-wal").read_bytes()
    assert not any(key in data for key in made.values())
    assert b"customer-" not in data
    assert MASTER not in data


def test_another_master_key_or_tenant_is_told_at_once(keys: SubjectKeys, tmp_path: Path):
    with pytest.raises(DamagedError, match=r"another master key.*REGULARS_MASTER_KEY"):
        SubjectKeys(tmp_path / "keys.db", bytes(32), "shop")
    with pytest.raises(DamagedError, match="another shop"):
        SubjectKeys(tmp_path / "keys.db", MASTER, "other")
    with pytest.raises(UsageError, match="32 bytes"):
        SubjectKeys(tmp_path / "new.db", b"short", "shop")
    assert not (tmp_path / "new.db").exists()


def test_a_key_given_to_another_subject_does_not_open(keys: SubjectKeys, tmp_path: Path):
    keys.ensure({"one": "1", "two": "2", "three": "3"})
    with sqlite3.connect(tmp_path / "keys.db") as db:
        db.execute("UPDATE subject_keys SET wrapped = (SELECT wrapped FROM subject_keys WHERE subject = 'one')")
        db.execute("UPDATE subject_keys SET name = 'sealed:1:AAAA' WHERE subject = 'one'")
    db.close()
    with pytest.raises(DamagedError, match="does not open"):
        keys.key("two")
    assert keys.key("one") is not None
    with pytest.raises(DamagedError):
        keys.name("one")


def test_what_was_sealed_cannot_be_read_once_the_key_is_deleted(keys: SubjectKeys):
    key = keys.ensure({"one": "42"})["one"]
    token = seal(key, "13812345678", tenant="shop", subject="one", field="phone")
    assert keys.delete("one")
    assert not keys.delete("one")
    assert keys.key("one") is None
    assert keys.name("one") is None
    new = keys.ensure({"one": "42"})["one"]
    assert new != key
    with pytest.raises(DamagedError):
        unseal(new, token, tenant="shop", subject="one", field="phone")
    assert (keys.count(), keys.forgotten()) == (1, 1)


def test_no_byte_of_a_deleted_key_stays_in_the_file_or_its_log(keys: SubjectKeys, tmp_path: Path):
    everyone = people(3000)
    source = random.Random(8)
    names = list(everyone)
    source.shuffle(names)
    for start in range(0, 3000, 60):  # many commits, in no order, as they come
        keys.ensure({name: everyone[name] for name in names[start : start + 60]})
    with sqlite3.connect(tmp_path / "keys.db") as db:
        rows = {row[0]: row[1:] for row in db.execute("SELECT subject, wrapped, name FROM subject_keys")}
    db.close()
    source.shuffle(names)
    gone, kept = names[:1500], names[1500:]

    def found(name: str, data: bytes) -> bool:
        wrapped, sealed = rows[name]
        return wrapped[12:44] in data or sealed[9:].encode() in data

    paths = [tmp_path / "keys.db", tmp_path / "keys.db-wal"]
    assert all(found(name, b"".join(path.read_bytes() for path in paths)) for name in gone[:20])
    for name in gone[:50]:
        assert keys.delete(name)
        assert not found(name, b"".join(path.read_bytes() for path in paths))
    for start in range(50, 1500, 29):
        assert keys.delete_many(gone[start : start + 29]) == 29
        keys.ensure(people(5, start=10_000 + start))  # new people come while others go
    keys.delete_many([])
    data = b"".join(path.read_bytes() for path in paths)
    assert not [name for name in gone if found(name, data)]
    assert keys.names(kept) == {name: everyone[name] for name in kept}
    assert keys.forgotten() == 1500


def test_a_deleted_long_name_leaves_nothing_either(keys: SubjectKeys, tmp_path: Path):
    keys.ensure({"one": "x" * 30_000} | people(20))
    with sqlite3.connect(tmp_path / "keys.db") as db:
        sealed = db.execute("SELECT name FROM subject_keys WHERE subject = 'one'").fetchone()[0].encode()
    db.close()
    keys.delete("one")
    data = (tmp_path / "keys.db").read_bytes() + (tmp_path / "keys.db-wal").read_bytes()
    assert not any(sealed[start : start + 40] in data for start in range(9, len(sealed) - 40, 500))


def test_two_processes_make_one_key_for_each_subject_and_see_a_deletion(keys: SubjectKeys, tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; from regulars.store.subject_keys import SubjectKeys\n"
        "keys = SubjectKeys(Path(sys.argv[1]), bytes(range(32)), 'shop')\n"
        "names = {f'subject{n:05d}': str(n) for n in range(2000)}\n"
        "made = {}\n"
        "for start in range(0, 2000, 100):\n"
        "    made |= keys.ensure(dict(list(names.items())[start:start + 100]))\n"
        "print(made['subject00042'].hex(), hash(frozenset(made.items())), flush=True)\n"
        "sys.stdin.readline()\n"
        "print(keys.key('subject00042'))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "keys.db")]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    lines = [child.stdout.readline() for child in children]
    assert lines[0] == lines[1]
    assert keys.count() == 2000
    assert lines[0].split()[0] == keys.key("subject00042").hex()
    assert keys.delete("subject00042")
    assert [child.communicate("\n")[0] for child in children] == ["None\n", "None\n"]


def test_a_key_that_another_process_makes_in_between_is_taken_over(
    keys: SubjectKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    other = SubjectKeys(tmp_path / "keys.db", MASTER, "shop")
    look = keys.keys
    made: dict[str, bytes] = {}

    def overtaken(subjects: Iterable[str]) -> dict[str, bytes]:
        found = look(subjects)
        if not made:
            made.update(other.ensure({"one": "1"}))
        return found

    monkeypatch.setattr(keys, "keys", overtaken)
    found = keys.ensure({"one": "1", "two": "2"})
    assert found["one"] == made["one"]
    assert found == look(["one", "two"])
    other.close()


def test_a_reader_in_the_way_of_wiping_is_told_and_deleting_again_finishes_it(
    keys: SubjectKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    keys.ensure({"one": "1"})
    keys.close()
    monkeypatch.setattr("regulars.store.state.PATIENCE_SECONDS", 0.05)
    impatient = SubjectKeys(tmp_path / "keys.db", MASTER, "shop")
    reader = sqlite3.connect(tmp_path / "keys.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM subject_keys").fetchall()
    with pytest.raises(UsageError, match="still in the log"):
        impatient.delete("one")
    assert impatient.key("one") is None
    reader.execute("COMMIT")
    reader.close()
    assert not impatient.delete("one")
    assert (tmp_path / "keys.db-wal").stat().st_size == 0
    impatient.close()


def test_commits_are_durable_the_file_private_and_lookups_by_index(keys: SubjectKeys, tmp_path: Path):
    state = keys._state
    assert state.read("PRAGMA synchronous")[0][0] == 2
    assert state.read("PRAGMA journal_mode")[0][0] == "wal"
    assert state.read("PRAGMA secure_delete")[0][0] == 1
    assert (tmp_path / "keys.db").stat().st_mode & 0o077 == 0
    plan = state.read("EXPLAIN QUERY PLAN SELECT wrapped FROM subject_keys WHERE subject IN (?, ?)", ("a", "b"))
    assert "subject_keys_subjects" in plan[0][3]
    plan = state.read("EXPLAIN QUERY PLAN UPDATE subject_keys SET name = NULL WHERE subject = ?", ("a",))
    assert "subject_keys_subjects" in plan[0][3]


def test_names_of_thousands_are_quick(keys: SubjectKeys):
    wanted = people(10_000)
    start = time.process_time()
    keys.ensure(wanted)
    assert time.process_time() - start < 0.6  # 30 µs each
    start = time.process_time()
    assert len(keys.names(wanted)) == 10_000
    assert time.process_time() - start < 0.2
