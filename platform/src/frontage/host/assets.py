"""Assets of plugins: the scripts and styles that pages of other origins load, held in memory and compressed once.

A request finds them by name in a dictionary and never by path on disk, so that no name leads out of a folder.
"""

import gzip
import os
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256, sha384
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import Headers, ResponseHeader
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter

from frontage.base.logs import get_logger
from frontage.edge.gate import not_found
from frontage.edge.problems import Problem
from frontage.edge.sources import Nobody
from frontage.host.errors import PluginError, Stage
from frontage.host.loading import package_folder
from frontage.host.roster import Entry, Roster
from frontage.plugin.routes import get

log = get_logger(__name__)

LARGEST_FILE = 2 * 1024 * 1024
MOST_ENTRIES = 200
"""Of one plugin; the state of each is looked up at every request."""
HASH_DIGITS = 12
MANIFEST = "manifest.json"
"""The name of the list of a plugin's files, which none of them may have."""

SHORT = "public, max-age=300, stale-while-revalidate=86400"
IMMUTABLE = "public, max-age=31536000, immutable"
CURRENT = "public, max-age=60"
"""For the manifest: it names hashes, which must not outlive their files for long."""

# Nothing that a browser would run as a page of this origin: no HTML, no XML; an SVG gets a policy of its own.
CONTENT_TYPES = {
    ".avif": "image/avif",
    ".css": "text/css",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
_TOO_MANY = f"this and all after it: a plugin has at most {MOST_ENTRIES} assets"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_WEIGHT = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE)

Stamp = tuple[int, int]
"""When something was last changed, and its size."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Bytes that are sent again and again, in both codings, with the tag by which a browser asks for changes."""

    body: bytes
    media_type: str
    cache_control: str
    headers: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    compressed: bytes | None = None
    """The body by gzip, where that is smaller."""

    @classmethod
    def of(
        cls, body: bytes, media_type: str, cache_control: str, headers: Mapping[str, str] | None = None
    ) -> "Rendered":
        """Hash and compress a body."""
        compressed = gzip.compress(body, compresslevel=9, mtime=0)
        smaller = compressed if len(compressed) < len(body) else None
        return cls(body, media_type, cache_control, headers or {}, sha256(body).hexdigest(), smaller)

    def answer(self, asked: Headers) -> Response[Any]:
        """The answer to a request with these headers: whole, compressed, or that nothing has changed."""
        zipped = self.compressed if accepts_gzip(",".join(asked.getall("accept-encoding", []))) else None
        tag = f'"{self.digest}"' if zipped is None else f'"{self.digest}-gzip"'
        headers = {"ETag": tag, "Cache-Control": self.cache_control, "Vary": "Accept-Encoding", **self.headers}
        if matches_tag(",".join(asked.getall("if-none-match", [])), tag):
            return Response(b"", status_code=304, headers=headers)
        if zipped is not None:
            headers["Content-Encoding"] = "gzip"
        return Response(self.body if zipped is None else zipped, media_type=self.media_type, headers=headers)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client takes gzip and likes it no less than the plain bytes."""
    weights = {}
    for item in accept_encoding.split(","):
        coding, _, parameter = item.partition(";")
        weight = _WEIGHT.fullmatch(parameter)
        weights[coding.strip().lower()] = float(weight[1]) if weight else float(not parameter)
    gzipped = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzipped > 0 and gzipped >= weights.get("identity", 0.0)


def matches_tag(if_none_match: str, tag: str) -> bool:
    """Whether an `If-None-Match` names this tag; weak tags compare like strong ones, as RFC 9110 says."""
    named = {text.strip().removeprefix("W/") for text in if_none_match.split(",")}
    return "*" in named or tag in named


class AssetFile(msgspec.Struct, frozen=True):
    """One file of a plugin, as a page needs it in order to load and verify it."""

    path: str
    """For pages that always want the newest; kept five minutes."""
    hashed_path: str
    """For pages that pin these very bytes; kept for ever."""
    integrity: str
    """For the `integrity` attribute of a tag that also says `crossorigin="anonymous"`."""
    bytes: int
    gzip_bytes: int | None
    """Its size as it is sent to most; null where gzip does not make it smaller."""


class AssetManifest(msgspec.Struct, frozen=True):
    """The files of a plugin by name."""

    plugin: str
    files: dict[str, AssetFile]


class _Shelf:
    """The files of one plugin, read again when they have changed on disk."""

    def __init__(self, plugin: str, folder: Path, root: str) -> None:
        self.manifest = AssetManifest(plugin, {})
        self._plugin = plugin
        self._folder = folder.resolve()
        self._root = root
        self._served: dict[str, Rendered] = {}
        self._stamps: dict[Path, Stamp | None] = {}
        self._read()

    def find(self, name: str) -> Rendered | None:
        """What is served under a name."""
        self.refresh()
        return self._served.get(name)

    def refresh(self) -> None:
        """Read the folder again when a file, or the list of files, is not what it was."""
        # A file replaced by its author shows at once; folders change their stamp when a file comes or goes.
        if any(_stamp(path) != seen for path, seen in self._stamps.items()):
            self._read()

    def _read(self) -> None:
        # A stamp is taken before what it stands for is read: what changes meanwhile is read again by the next request.
        self._stamps = {self._folder: _stamp(self._folder)}
        folders = _folders(self._folder)
        self._stamps |= {folder: _stamp(folder) for folder in folders[1:]}
        paths = [path for folder in folders for path in _entries(folder) if path not in folders]
        if len(paths) > MOST_ENTRIES:
            log.warning("asset.skipped", plugin=self._plugin, file=paths[MOST_ENTRIES].name, reason=_TOO_MANY)
        self._stamps |= {path: _stamp(path) for path in paths[:MOST_ENTRIES]}
        loaded = {path.relative_to(self._folder).as_posix(): self._load(path) for path in paths[:MOST_ENTRIES]}
        self._serve({name: one for name, one in loaded.items() if one is not None})

    def _load(self, path: Path) -> Rendered | None:
        try:
            reason = self._reason_to_skip(path)
            if reason is None:
                return _render(path)
        except OSError as error:
            reason = str(error.strerror)
        log.warning("asset.skipped", plugin=self._plugin, file=path.name, reason=reason)
        return None

    def _reason_to_skip(self, path: Path) -> str | None:
        if not _NAME.fullmatch(path.name) or path == self._folder / MANIFEST:
            return f"it must be named with letters, digits, dots, hyphens and underscores, and not {MANIFEST}"
        if not path.is_file():
            return "it is no regular file, or a folder within a sub-folder"
        if not path.resolve().is_relative_to(self._folder):
            return "it leads out of the folder"
        if path.suffix.lower() not in CONTENT_TYPES:
            return f"it must end with one of {', '.join(sorted(CONTENT_TYPES))}"
        return f"it is larger than {LARGEST_FILE} bytes" if path.stat().st_size > LARGEST_FILE else None

    def _serve(self, plain: Mapping[str, Rendered]) -> None:
        files = {name: self._describe(name, one) for name, one in plain.items()}
        self.manifest = AssetManifest(self._plugin, files)
        manifest = Rendered.of(msgspec.json.encode(self.manifest), "application/json", CURRENT)
        hashed = {_hashed(name, one.digest): replace(one, cache_control=IMMUTABLE) for name, one in plain.items()}
        self._served = {**plain, **hashed, MANIFEST: manifest}

    def _describe(self, name: str, one: Rendered) -> AssetFile:
        integrity = f"sha384-{b64encode(sha384(one.body).digest()).decode()}"
        zipped = None if one.compressed is None else len(one.compressed)
        hashed = _hashed(name, one.digest)
        return AssetFile(f"{self._root}/{name}", f"{self._root}/{hashed}", integrity, len(one.body), zipped)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # several a request: half the time of Path.stat
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _folders(folder: Path) -> list[Path]:
    """A folder and its sub-folders; not theirs, and none that is a link."""
    inner = [path for path in _entries(folder) if path.is_dir() and not path.is_symlink()]
    return [folder, *(path for path in inner if _NAME.fullmatch(path.name))]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        # It may vanish for a moment while its package is installed anew.
        return []


def _render(path: Path) -> Rendered:
    media_type = CONTENT_TYPES[path.suffix.lower()]
    headers = {"Content-Security-Policy": _SVG_POLICY} if path.suffix.lower() == ".svg" else {}
    return Rendered.of(path.read_bytes(), media_type, SHORT, headers)


def _hashed(name: str, digest: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{digest[:HASH_DIGITS]}{dot}{suffix}"


class AssetStore:
    """The assets of all plugins; `base_path` is the path of the public URL, which manifests begin their paths with."""

    def __init__(self, folders: Mapping[str, Path], base_path: str = "") -> None:
        root = base_path.rstrip("/")
        self._shelves = {slug: _Shelf(slug, folder, f"{root}/assets/{slug}") for slug, folder in folders.items()}

    def find(self, plugin: str, name: str) -> Rendered | None:
        """What is served as `/assets/<plugin>/<name>`."""
        shelf = self._shelves.get(plugin)
        return None if shelf is None else shelf.find(name)

    def manifest(self, plugin: str) -> AssetManifest | None:
        """The files of a plugin, with what verifies them."""
        shelf = self._shelves.get(plugin)
        if shelf is None:
            return None
        shelf.refresh()
        return shelf.manifest


def asset_folders(roster: Roster) -> dict[str, Path]:
    """The asset folder of every plugin in service that has one; a plugin whose folder is wrong is taken out of it."""
    folders = {}
    for entry in roster.serving:
        try:
            if (folder := _asset_folder(entry)) is not None:
                folders[entry.slug] = folder
        except PluginError as error:
            entry.stop(error)
    return folders


def _asset_folder(entry: Entry) -> Path | None:
    named = entry.declared.assets
    if named is None:
        return None
    package = package_folder(entry.candidate).resolve()
    folder = (package / named).resolve()
    if folder == package or not folder.is_relative_to(package):
        raise PluginError(
            Stage.REFUSED, f"its assets={named!r} is no folder inside its package; name one, as 'widget/'"
        )
    if not folder.is_dir():
        raise PluginError(
            Stage.REFUSED, f"its assets={named!r} is missing from the installed package; build or include it"
        )
    return folder


_Plugin = Annotated[str, PathParameter(description="The slug of the plugin.")]
_Folder = Annotated[str, PathParameter(description="A sub-folder, such as `lang`.")]
_File = Annotated[str, PathParameter(description="The file, as `widget.js` or with its hash as `widget.<hash>.js`.")]

_WORDS: dict[str, Any] = {
    "tenant": Nobody(),
    "limit": (),
    "off": not_found,
    "public": True,
    "tags": ["Assets"],
    "response_headers": [
        ResponseHeader("ETag", value="", description="Changes with the bytes.", documentation_only=True),
        ResponseHeader("Cache-Control", value="", description="How long to keep it.", documentation_only=True),
    ],
    "responses": {304: ResponseSpec(None, description="It is still what `If-None-Match` named.")},
}
_FILE_WORDS = {
    **_WORDS,
    "media_type": "*/*",
    "response_description": "The file, by gzip where `Accept-Encoding` takes it and it is smaller.",
}
_KEPT = (
    "A plain name is kept for five minutes; a name with the file's hash, as the manifest tells it, for ever. "
    'Load scripts with `crossorigin="anonymous"` and the manifest\'s `integrity`.'
)


class _Assets:
    """The handlers over a store."""

    def __init__(self, store: AssetStore) -> None:
        self._store = store

    async def get_manifest(self, request: Request[Any, Any, Any], plugin: _Plugin) -> Response[AssetManifest]:
        """The paths, hashes and sizes of a plugin's assets."""
        return self._answer(request, plugin, MANIFEST)

    async def get_asset(self, request: Request[Any, Any, Any], plugin: _Plugin, name: _File) -> Response[bytes]:
        """A script, style or picture of a plugin."""
        return self._answer(request, plugin, name)

    async def get_nested_asset(
        self, request: Request[Any, Any, Any], plugin: _Plugin, folder: _Folder, name: _File
    ) -> Response[bytes]:
        """An asset in a sub-folder."""
        return self._answer(request, plugin, f"{folder}/{name}")

    def _answer(self, request: Request[Any, Any, Any], plugin: str, name: str) -> Response[Any]:
        found = self._store.find(plugin, name)
        if found is None:
            raise Problem("not_found")
        return found.answer(request.headers)


def asset_routes(store: AssetStore) -> list[HTTPRouteHandler]:
    """The routes under `/assets`, which any page may read."""
    assets = _Assets(store)
    manifest = {**_WORDS, "summary": "List a plugin's assets", "response_description": "Its files by name."}
    one = {**_FILE_WORDS, "summary": "Load an asset", "description": f"A script, style or picture of a plugin. {_KEPT}"}
    nested = {**_FILE_WORDS, "summary": "Load an asset of a sub-folder", "description": f"Such as a language. {_KEPT}"}
    return [
        get(f"/assets/{{plugin:str}}/{MANIFEST}", **manifest)(assets.get_manifest),
        get("/assets/{plugin:str}/{name:str}", **one)(assets.get_asset),
        get("/assets/{plugin:str}/{folder:str}/{name:str}", **nested)(assets.get_nested_asset),
    ]
