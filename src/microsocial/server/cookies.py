"""Two cookies: the session, and the mark by which a browser is recognised at its next login.

Their names contain part of the person's id, since cookies ignore ports and several people may run on one host.
"""

from starlette.requests import Request
from starlette.responses import Response

from microsocial.server.wire import is_secure

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
        secure=is_secure(request),
    )


def take_back(request: Request, response: Response, name: str) -> None:
    response.delete_cookie(
        name, path="/", httponly=True, samesite="strict", secure=is_secure(request)
    )
