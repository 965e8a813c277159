"""Reads and runs one statement in a process of its own: `python -I sql_worker.py`.

A process, because a query engine in the server's own process can take the server with it: a parser that fills gigabytes
with twenty thousand letters, functions that limits of memory do not hold for and nothing interrupts, and an engine that
ends with a signal when memory is short. Here the system's limits hold, and a process can be killed. It knows nothing:
its environment is empty, it may open the files of this job's tables and no other, and it imports nothing of regulars.

It is told two lines of JSON on its standard input and answers each: the statement and its limits (`sql.Question`), to
which it answers with the parser's tree; then, when the tree was found harmless, what to make before it runs
(`sql.Setup`), to which it answers with one line, and an Arrow stream behind it when that says `ok`.
"""

from __future__ import annotations

import json
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

BATCH_ROWS = 10_000


def main() -> None:
    """Read the statement, say what it is, and run it if told so."""
    source, out = sys.stdin.buffer, sys.stdout.buffer
    job: dict[str, Any] = json.loads(source.readline())
    _limit(job)
    connection = _connection(job)
    out.write(json.dumps({"tree": _tree(connection, job["sql"])}).encode() + b"\n")
    out.flush()
    # Loaded while the tree is looked at.
    import pyarrow as pa

    line = source.readline()
    if not line:
        return
    header, table = _run(connection, job, json.loads(line)["statements"])
    out.write(json.dumps(header).encode() + b"\n")
    if table is not None:
        with pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)
    out.flush()


def _tree(connection: Any, sql: str) -> str:
    try:
        return connection.execute("SELECT json_serialize_sql($1)", [sql]).fetchone()[0]
    except Exception:  # noqa: BLE001 - too deep, too large, no text: all the same
        return ""


def _limit(job: dict[str, Any]) -> None:
    limits = {
        resource.RLIMIT_AS: job["address_space"],
        resource.RLIMIT_CPU: int(job["seconds"] * job["threads"]) + 2,
        resource.RLIMIT_FSIZE: job["spill_bytes"],
        # What a crash would leave on disk holds the rows of people.
        resource.RLIMIT_CORE: 0,
    }
    for name, value in limits.items():
        # Not every system has every limit.
        with suppress(ValueError, OSError):
            resource.setrlimit(name, (value, value))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _run(connection: Any, job: dict[str, Any], statements: list[str]) -> tuple[dict[str, Any], Any]:
    import duckdb
    import pyarrow as pa

    try:
        for statement in statements:
            connection.execute(statement)
        relation: Any = connection.sql(job["sql"])
        types, names = [str(one) for one in relation.types], list(relation.columns)
        reader = relation.to_arrow_reader(BATCH_ROWS)
        batches, rows, size, truncated = [], 0, 0, False
        for batch in reader:
            kept = batch.slice(0, job["rows"] - rows)
            truncated = kept.num_rows < batch.num_rows
            rows, size = rows + kept.num_rows, size + kept.nbytes
            if size > job["answer_bytes"]:
                return {"ok": False, "kind": "TooLarge"}, None
            batches.append(kept)
            if truncated:
                break
        table = pa.Table.from_batches(batches, reader.schema)
    except MemoryError:
        return {"ok": False, "kind": "OutOfMemoryException"}, None
    except duckdb.Error as error:
        found = _with_place(connection, job["sql"], error)
        return {"ok": False, "kind": type(found).__name__, "error": str(found)}, None
    return {"ok": True, "names": names, "types": types, "truncated": truncated}, table


def _with_place(connection: Any, sql: str, error: Exception) -> Exception:
    """Return the error with its place in the statement: a name that is not known gets one by another way only."""
    if '"position"' in str(error) or type(error).__name__ not in ("BinderException", "CatalogException"):
        return error
    try:
        connection.execute(sql)
    except Exception as again:  # noqa: BLE001 - whatever it is, it is told
        return again
    return error


def _connection(job: dict[str, Any]) -> Any:
    import duckdb

    config: dict[str, Any] = {
        "threads": job["threads"],
        "memory_limit": job["memory"],
        "temp_directory": job["spill"],
        "max_temp_directory_size": f"{job['spill_bytes']}B",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,
        "python_scan_all_frames": False,
    }
    return duckdb.connect(":memory:", config=config)


if __name__ == "__main__":
    main()
