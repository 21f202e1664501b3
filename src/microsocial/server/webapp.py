"""The built web app under /app/: hashed files cached forever, the page itself never, nothing outside of its folder."""

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

APP_FOLDER = Path(__file__).parent / "app"

_FOREVER = "public, max-age=31536000, immutable"  # their names change with their content
_COMPRESSIBLE = {".js", ".css", ".html", ".svg", ".json", ".webmanifest", ".map", ".txt"}
_WORTH_COMPRESSING_BYTES = 1_000

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Microsocial</title>
<h1>The web app is not built yet</h1>
<p>The node runs; only its pages are missing. In the folder of the program, run <code>make webapp</code>,
then reload this page. The command line works without it.</p></html>
"""


def routes(folder: Path = APP_FOLDER) -> list[Route]:
    root = folder.resolve()

    async def entry(_request: Request) -> Response:
        return RedirectResponse("/app/", status_code=308)

    async def page(request: Request) -> Response:
        if not (root / "index.html").is_file():
            return Response(_NOT_BUILT, 503, media_type="text/html")
        return _file(request, root / "index.html", cache="no-store")

    async def asset(request: Request) -> Response:
        path = _find(root, request.path_params["path"])
        if path is None:
            raise HTTPException(404)
        hashed = path.is_relative_to(root / "assets")
        return _file(request, path, cache=_FOREVER if hashed else "no-cache")

    return [
        Route("/app", entry),
        Route("/app/", page),
        Route("/app/{path:path}", asset),
    ]


def _find(root: Path, name: str) -> Path | None:
    """The file of that name, wherever links lead, if that is inside of the folder."""
    try:
        path = (root / name).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except (OSError, ValueError):  # a name that no file system takes
        return None


def _file(request: Request, path: Path, cache: str) -> Response:
    stat = path.stat()
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
    etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
    if cache != "no-store":
        headers["ETag"] = etag
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
    body = path.read_bytes()
    if (
        _takes_gzip(request)
        and path.suffix in _COMPRESSIBLE
        and len(body) >= _WORTH_COMPRESSING_BYTES
    ):
        headers["Content-Encoding"] = "gzip"
        body = _compressed(path, etag)
    kind = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(path.name)[0]
    if path.suffix == ".webmanifest":
        kind = "application/manifest+json"
    return Response(body, headers=headers, media_type=kind or "application/octet-stream")


def _takes_gzip(request: Request) -> bool:
    offered = request.headers.get("accept-encoding", "").split(",")
    return any(part.split(";")[0].strip() == "gzip" for part in offered)


@lru_cache(maxsize=64)
def _compressed(path: Path, etag: str) -> bytes:  # noqa: ARG001 - the etag is part of the cache's key
    return gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)
