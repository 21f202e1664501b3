"""Every owner route refuses whoever is not the owner. The routes are enumerated, so that a new one cannot be forgotten."""

import re

import pytest
from fastapi.routing import iter_route_contexts

from microsocial.identity.model import Scope
from microsocial.server.owner import API, scope_needed

# Who has no session yet must be able to reach these; each has checks of its own (test_door.py).
DOOR = {
    ("GET", "/session"),
    ("POST", "/setup"),
    ("POST", "/login"),
    # behind the setup link: tests/server/test_coming_back.py
    ("POST", "/setup/return"),
    ("POST", "/setup/return/watch"),
    ("POST", "/setup/return/export"),
}


def owner_routes(app):
    return [
        (method, re.sub(r"{[^}]*}", "x", path))
        for route in iter_route_contexts(app.routes)
        if (route.path or "").startswith("/api")
        for path in [route.path.removeprefix(API)]
        for method in sorted(route.methods)
        if (method, path) not in DOOR
    ]


def is_problem(answer, status, slug):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if answer.request.method != "HEAD":  # whose answer has no body
        assert answer.json()["type"] == f"about:microsocial/{slug}"
    assert "set-cookie" not in answer.headers
    return True


def test_there_are_routes_to_check(app):
    assert len(owner_routes(app)) >= 15
    assert {path for _, path in owner_routes(app)} >= {"/me", "/events", "/openapi.json", "/logout"}


async def test_every_owner_route_refuses_a_stranger(app, owner, stranger):
    for method, path in owner_routes(app):
        answer = await stranger.send(method, path, json={} if method != "GET" else None)
        assert is_problem(answer, 401, "not-logged-in"), (method, path)


async def test_every_owner_route_refuses_an_invented_session(app, node, owner, stranger):
    for name in owner.http.cookies:
        stranger.http.cookies.set(name, "x" * 43)
    for method, path in owner_routes(app):
        assert is_problem(await stranger.send(method, path), 401, "not-logged-in"), (method, path)


async def test_every_owner_route_refuses_an_invented_token(app, owner):
    for method, path in owner_routes(app):
        answer = await owner.send(method, path, Authorization="Bearer " + "x" * 43)
        assert is_problem(answer, 401, "not-logged-in"), (method, path)


async def test_every_unsafe_route_refuses_a_session_without_its_csrf_token(app, owner, browsers):
    other = browsers()
    await other.login()
    for method, path in owner_routes(app):
        if method in ("GET", "HEAD", "OPTIONS"):
            continue
        for wrong in ("", "x" * 43, other.csrf):
            answer = await owner.send(method, path, X_CSRF_Token=wrong)
            assert is_problem(answer, 403, "foreign-request"), (method, path, wrong)


async def test_every_unsafe_route_refuses_another_site_even_with_the_csrf_token(app, owner):
    for method, path in owner_routes(app):
        if method in ("GET", "HEAD", "OPTIONS"):
            continue
        for told in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"},
        ):
            answer = await owner.send(method, path, **told)
            assert is_problem(answer, 403, "foreign-request"), (method, path, told)


@pytest.mark.parametrize("scope", list(Scope))
async def test_every_route_refuses_a_token_without_its_scope(app, owner, browsers, scope):
    others = sorted(set(Scope) - {scope})
    made = await owner.post("/tokens", {"label": "narrow", "scopes": others})
    program = browsers()
    checked = 0
    for method, path in owner_routes(app):
        if scope_needed(method, path) is scope:
            bearer = "Bearer " + made.json()["token"]
            answer = await program.send(method, path, Authorization=bearer)
            assert is_problem(answer, 403, "scope-missing"), (method, path)
            checked += 1
    assert checked


async def test_a_token_that_only_reads_reads(owner, browsers):
    made = await owner.post("/tokens", {"label": "backup", "scopes": ["read"]})
    bearer = "Bearer " + made.json()["token"]
    program = browsers()
    assert (await program.get("/me", Authorization=bearer)).json()["name"] == "Ana"
    refused = await program.send("PATCH", "/me", {"name": "Eve"}, Authorization=bearer)
    assert refused.status_code == 403


async def test_a_token_never_borrows_the_sessions_rights(owner):
    made = await owner.post("/tokens", {"label": "backup", "scopes": ["read"]})
    bearer = "Bearer " + made.json()["token"]
    answer = await owner.send("DELETE", f"/tokens/{made.json()['id']}", Authorization=bearer)
    assert answer.status_code == 403


async def test_a_deleted_token_opens_nothing(owner, browsers):
    made = (await owner.post("/tokens", {"label": "old", "scopes": ["read"]})).json()
    assert "token" not in (await owner.get("/tokens")).json()[0]
    assert (await owner.send("DELETE", f"/tokens/{made['id']}")).status_code == 204
    answer = await browsers().get("/me", Authorization=f"Bearer {made['token']}")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "header", ["Basic YW5hOmFuYQ==", "Bearer", "Bearer ", "bearer\t", "Token x"]
)
async def test_other_authorizations_are_refused(owner, browsers, header):
    assert (await browsers().get("/me", Authorization=header)).status_code == 401


async def test_the_command_lines_token_opens_everything_and_works_before_setup(node, browsers):
    bearer = f"Bearer {node._cli_token}"
    answer = await browsers().get("/me", Authorization=bearer)
    assert (answer.status_code, answer.json()["type"]) == (409, "about:microsocial/not-set-up")
    answer = await browsers().post(
        "/tokens", {"label": "a", "scopes": ["read"]}, Authorization=bearer
    )
    assert answer.status_code == 201


async def test_a_revoked_session_is_over_at_once(owner, browsers):
    phone = browsers()
    await phone.login()
    rows = (await owner.get("/sessions")).json()
    other = next(row["id"] for row in rows if not row["current"])
    assert (await owner.send("DELETE", f"/sessions/{other}")).status_code == 204
    assert (await phone.get("/me")).status_code == 401
    assert (await owner.get("/me")).status_code == 200


async def test_an_origin_behind_a_proxy_is_the_address_of_the_settings(node, owner):
    object.__setattr__(node.settings, "address", "https://ana.example")
    answer = await owner.send("PATCH", "/me", {"about": "hi"}, Origin="https://ana.example")
    assert answer.status_code == 200


async def test_nothing_private_may_be_cached(app, owner):
    for method, path in owner_routes(app):
        if method == "GET" and path != "/events":
            assert (await owner.get(path)).headers["cache-control"] == "no-store", path


async def test_loopback_proves_nothing(owner, browsers):
    assert (await browsers("127.0.0.1").get("/me")).status_code == 401
    local = await browsers("127.0.0.1").get("/me", X_Forwarded_For="127.0.0.1", X_Real_IP="::1")
    assert local.status_code == 401
