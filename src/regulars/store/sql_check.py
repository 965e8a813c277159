"""Whether a statement may run: read by DuckDB's own parser and refused unless everything in it is allowed.

The parser that checks is the parser that executes, so that no spelling means one thing here and another there. What
comes back is a tree of JSON; each node has to be of a kind that is on a list, each table one of the views or a `WITH`
of the statement, each function and type on the lists of `sql_functions`. What a newer DuckDB adds is refused until it
is on a list too.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any, cast

from regulars.core.errors import UsageError
from regulars.store.sql_functions import FUNCTIONS, TABLE_FUNCTIONS, TYPES
from regulars.store.sql_grammar import EXPRESSIONS, KEYS, NODES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

LONGEST = 20_000
"""Characters of a statement."""
MOST_NODES = 20_000
PRIVATE = "regulars_"
"""What names begin with that are ours alone."""
NAME = re.compile(r"[^\W\d]\w{0,62}")
_SYSTEM = ("pg_", "duckdb_", "sqlite_", "pragma_", "information_schema", PRIVATE)
"""What the names of DuckDB's own views begin with, as far as they are found without naming a schema."""
_FIX = "See `regulars sql DIR --schema` for the views and their columns."

_QUALIFIERS = ("schema", "schema_name", "catalog", "catalog_name")
_Node = dict[str, Any]


def check_text(sql: str) -> None:
    """Refuse what is no statement before anything reads it.

    Raises
    ------
    UsageError
        It is empty, too long, or no text.
    """
    if not sql.strip():
        raise UsageError("there is no statement", where="sql", fix="Write a SELECT.")
    if len(sql) > LONGEST:
        raise UsageError(f"a statement has at most {LONGEST:,} characters", where="sql")
    if "\0" in sql or any("\ud800" <= letter <= "\udfff" for letter in sql):
        raise UsageError("the statement holds characters that are no text", where="sql")


def check_tree(tree: str, sql: str, views: Collection[str]) -> frozenset[str]:
    """Return the names of the views that a statement reads.

    Parameters
    ----------
    tree
        What `json_serialize_sql` says of the statement; '' where it says nothing.
    sql
        The statement.
    views
        The views it may read, in small letters.

    Raises
    ------
    UsageError
        It is not one SELECT, or something in it is not allowed; `where` says the line and column.
    """
    nodes = list(_nodes(_statement(tree, sql), sql))
    named = _named(nodes, views)
    # The same name may be a table here and a list there, and the list of a large `range` is not wanted.
    tables = {id(node.get("function")): node for node in nodes if node.get("type") == "TABLE_FUNCTION"}
    used: set[str] = set()
    for node in nodes:
        stands = tables.get(id(node))
        if stands is not None:
            node["query_location"] = stands.get("query_location")
        _check_node(node, sql, FUNCTIONS if stands is None else TABLE_FUNCTIONS)
        if node.get("type") == "BASE_TABLE":
            used.add(_table(node, sql, named, views))
    return frozenset(used & set(views))


def place(sql: str, position: int) -> str:
    """Return where in a statement something was found, as 'line 2, column 5'; '' where that is not known.

    Parameters
    ----------
    position
        In bytes of UTF-8, as DuckDB counts.
    """
    data = sql.encode("utf-8", "replace")
    if not 0 <= position <= len(data):
        return ""
    before = data[:position].decode("utf-8", "ignore")
    line = before.rpartition("\n")[2]
    return f"line {before.count(chr(10)) + 1}, column {len(line) + 1}"


def _statement(tree: str, sql: str) -> _Node:
    """Return the only statement of the tree."""
    try:
        answer: _Node = json.loads(tree)
    except (RecursionError, ValueError):
        raise UsageError("the statement cannot be read: is it nested too deeply?", where="sql") from None
    if answer.get("error", True):
        if answer.get("error_type") == "not implemented":
            raise UsageError("only SELECT may be asked: nothing is changed from here", where="sql", fix=_FIX)
        message = str(answer.get("error_message", "it cannot be read")).partition("\n")[0]
        raise UsageError(message, where=place(sql, int(answer.get("position", -1))) or "sql", fix="Mend the statement.")
    statements = answer["statements"]
    if len(statements) != 1:
        raise UsageError("ask one SELECT at a time", where="sql", fix="Leave out what follows the first ';'.")
    return statements[0]


def _nodes(tree: _Node, sql: str) -> Iterator[_Node]:
    """Yield every object of the tree; a loop, because recursion has an end that a statement could reach."""
    waiting: list[Any] = [tree]
    seen = 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(cast("list[Any]", value))
        elif isinstance(value, dict):
            seen += 1
            if seen > MOST_NODES:
                raise UsageError("the statement is too long", where="sql")
            node = cast("_Node", value)
            yield node
            waiting.extend(node.values())


def _named(nodes: list[_Node], views: Collection[str]) -> frozenset[str]:
    """Return the names that the statement itself gives by WITH.

    They must not be those of anything else: where such a name is out of its scope it then means nothing, and nothing
    can be reached by it.
    """
    found: set[str] = set()
    for node in nodes:
        for entry in cast("list[_Node]", (node.get("cte_map") or {}).get("map", ())):
            name = str(entry["key"])
            plain = _folded(name)
            if plain in views or plain.startswith(_SYSTEM) or NAME.fullmatch(name) is None:
                raise UsageError(
                    f"WITH cannot name something '{name[:60]}'",
                    where="sql",
                    fix="Choose another name: letters, digits and underscores, and none that exists already.",
                )
            found.add(plain)
    return frozenset(found)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _check_node(node: _Node, sql: str, functions: Collection[str]) -> None:
    for key, value in node.items():
        if key not in KEYS and value not in (None, "", False, 0, [], {}):
            raise _refused(f"'{key}' is not allowed here", node, sql)
    if any(node.get(key) for key in _QUALIFIERS) or len((node.get("qualified_name") or {}).get("path", ())) > 1:
        raise _refused("a name takes no schema before it: write upper(kind), not kind.upper()", node, sql)
    kind = node.get("class", node.get("type"))
    if not isinstance(kind, str):
        return
    if kind not in (EXPRESSIONS if "class" in node else NODES):
        raise _refused(f"{kind.replace('_', ' ').lower()} is not allowed in a statement", node, sql)
    if kind in ("FUNCTION", "WINDOW"):
        _check_name(node, "function_name", functions, sql)
    elif kind == "TYPE":
        _check_name(node, "type_name", TYPES, sql)


def _check_name(node: _Node, key: str, allowed: Collection[str], sql: str) -> None:
    name = node.get(key)
    paths = (node.get("qualified_name") or {"path": [name]})["path"]
    if not isinstance(name, str) or name.lower() not in allowed or paths != [name]:
        what = "type" if key == "type_name" else "function"
        raise _refused(f"the {what} '{str(name)[:60]}' is not on the list of what may be used", node, sql)


def _table(node: _Node, sql: str, named: Collection[str], views: Collection[str]) -> str:
    name = node.get("table_name")
    if isinstance(name, str) and (name.lower() in views or (NAME.fullmatch(name) and _folded(name) in named)):
        return name.lower()
    raise _refused(f"there is no view '{str(name)[:60]}'", node, sql, fix=f"There are {', '.join(sorted(views))}.")


def _refused(message: str, node: _Node, sql: str, fix: str = "") -> UsageError:
    position = node.get("query_location")
    where = place(sql, position) if isinstance(position, int) else ""
    return UsageError(message, where=where or "sql", fix=fix or _FIX)
