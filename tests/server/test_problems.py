import pytest
from starlette.routing import Route

from microsocial.errors import WeBroke


class DiskOnFire(WeBroke):
    """The disk is on fire."""


async def test_a_validation_error_names_the_field(owner):
    answer = await owner.send("PATCH", "/me", {"hue": 400})
    assert answer.status_code == 400
    document = answer.json()
    assert document["field"] == "hue"
    assert document["detail"].startswith("hue: ")
    assert document["status"] == 400


@pytest.mark.parametrize(
    "wrong", [{"hue": "12"}, {"hue": True}, {"nmae": "Ana"}, {"name": 3}, [], "x", 1]
)
async def test_types_are_exact_and_unknown_fields_are_mistakes(owner, wrong):
    answer = await owner.send("PATCH", "/me", wrong)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_what_is_not_there_is_a_problem_document_for_programs(stranger):
    answer = await stranger.get("/no/such/thing")
    assert answer.json() == {
        "type": "about:microsocial/not-found",
        "title": "There is nothing like that here.",
        "status": 404,
    }


async def test_the_wrong_method_says_which_are_right(stranger):
    answer = await stranger.send("PUT", "/login")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


async def test_a_person_gets_a_page(stranger):
    answer = await stranger.http.get("/nowhere", headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "Nothing here" in answer.text


async def test_what_nobody_expected_tells_nothing_of_the_inside(app, stranger, caplog):
    async def broken(_request):
        raise RuntimeError("secret path /home/ana")

    app.routes.append(Route("/api/v1/broken", broken))
    answer = await stranger.get("/broken")
    assert answer.status_code == 500
    assert answer.json()["type"] == "about:microsocial/we-broke"
    assert "secret path" not in answer.text
    assert "secret path" in caplog.text


async def test_our_own_failures_are_told_without_their_detail(app, stranger):
    async def burning(_request):
        raise DiskOnFire("/home/ana/data")

    app.routes.append(Route("/api/v1/burning", burning))
    answer = await stranger.get("/burning")
    assert answer.json() == {
        "type": "about:microsocial/disk-on-fire",
        "title": "The disk is on fire.",
        "status": 500,
    }


async def test_every_answer_carries_the_security_headers(owner, stranger):
    for answer in (
        await owner.get("/me"),
        await stranger.get("/me"),
        await stranger.http.get("/app/"),
        await stranger.http.get("/healthz"),
        await stranger.http.get("/nowhere"),
        await stranger.http.post("/api/v1/login", content=b" " * 2_000_000),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
