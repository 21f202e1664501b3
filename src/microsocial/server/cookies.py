"""Two cookies: the session, and the mark by which a browser is recognised at its next login.

Their names contain part of the person's id, since cookies ignore ports and several people may run on one host.
"""

from starlette.requests import Request
from starlette.responses import Response

YEAR_S = 365 * 24 * 3600  # how long the browser keeps them; the node decides when a session is over


def session_name(person: str) -> str:
    return f"microsocial_{person[:8]}"


def browser_name(person: str) -> str:
    return f"microsocial_browser_{person[:8]}"


def give(request: Request, response: Response, name: str, secret: str) -> None:
    response.set_cookie(
        name,
        secret,
        max_age=YEAR_S,
        path="/",
        httponly=True,
        samesite="strict",
        secure=_is_secure(request),
    )


def take_back(request: Request, response: Response, name: str) -> None:
    response.delete_cookie(
        name, path="/", httponly=True, samesite="strict", secure=_is_secure(request)
    )


def _is_secure(request: Request) -> bool:
    """Whether the browser came over TLS: a proxy that is not trusted cannot tell us, but the browser's own page can.

    At home the same node is also reached without TLS, where no browser would keep a secure cookie; so the configured address is
    not asked.
    """
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
