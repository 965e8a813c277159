"""Styles, scripts and Plotly: from the installed packages, compressed once, kept by browsers for a year."""

from __future__ import annotations

import gzip
import hashlib
from functools import cached_property
from importlib.resources import files
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get
from litestar.params import FromPath

from regulars.core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEEP = "public, max-age=31536000, immutable"


class Bundle:
    """Files that change together: their content names their address, so a browser never shows an old one."""

    def __init__(self, name: str, paths: Mapping[str, Path]) -> None:
        self.name = name
        self.paths = paths

    @cached_property
    def version(self) -> str:
        """Twelve digits of the content's hash."""
        digest = hashlib.blake2b(digest_size=6)
        for name, path in sorted(self.paths.items()):
            digest.update(name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def url(self, name: str) -> str:
        """Return the address of one file."""
        return f"/assets/{self.name}/{self.version}/{name}"

    @cached_property
    def packed(self) -> dict[str, bytes]:
        """Each file, compressed."""
        return {name: gzip.compress(path.read_bytes(), 9, mtime=0) for name, path in self.paths.items()}


def _own_files() -> dict[str, Path]:
    folder = Path(__file__).parent / "dashboard" / "static"
    return {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}


class Script:
    """A script that pages of other origins load from a fixed address: checked again every few minutes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def body(self) -> bytes:
        """The script."""
        return self.path.read_bytes()

    @cached_property
    def tag(self) -> bytes:
        """Its content's name, for revalidation."""
        return b'"' + hashlib.blake2b(self.body, digest_size=8).hexdigest().encode() + b'"'

    def answer(self, known: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        """Return body and headers for a browser that holds the version `known`."""
        headers = [
            (b"content-type", b"text/javascript; charset=utf-8"),
            (b"cache-control", b"public, max-age=300"),
            (b"etag", self.tag),
            (b"x-content-type-options", b"nosniff"),
            (b"cross-origin-resource-policy", b"cross-origin"),
        ]
        return (b"" if known == self.tag else self.body), headers


PAGE_SCRIPT = Script(Path(__file__).parent / "widgets" / "regulars.js")
STATIC = Bundle("dashboard", _own_files())
PLOTLY = Bundle("plotly", {"plotly.min.js": Path(str(files("plotly") / "package_data" / "plotly.min.js"))})
_BUNDLES = {bundle.name: bundle for bundle in (STATIC, PLOTLY)}


@get("/assets/{bundle:str}/{version:str}/{name:str}", include_in_schema=False, sync_to_thread=True)
def asset(
    request: Request[Any, Any, Any], bundle: FromPath[str], version: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    """Send one file; an address with another version belongs to another release and is not found."""
    found = _BUNDLES.get(bundle)
    if found is None or version != found.version or name not in found.paths:
        raise NotFoundError("there is no such file", fix="Load the page again.")
    media_type = guess_type(name)[0] or "application/octet-stream"
    headers = {"Cache-Control": KEEP, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = found.packed[name]
        headers["Content-Encoding"] = "gzip"
    else:
        body = found.paths[name].read_bytes()
    return Response(body, media_type=media_type, headers=headers)
