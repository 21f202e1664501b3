import gzip

import httpx
import pytest
from starlette.applications import Starlette

from microsocial.server import webapp


@pytest.fixture
def folder(tmp_path):
    built = tmp_path / "app"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<title>app</title>")
    (built / "assets" / "index-a1b2.js").write_text("let x = 1;\n" * 500)
    (built / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    return built


@pytest.fixture
async def http(folder):
    app = Starlette(routes=webapp.routes(folder))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://node.test"
    ) as client:
        yield client


async def test_the_page_is_never_kept_by_caches(http):
    answer = await http.get("/app/")
    assert answer.text == "<title>app</title>"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith("text/html")


async def test_app_without_slash_leads_there(http):
    answer = await http.get("/app")
    assert (answer.status_code, answer.headers["location"]) == (308, "/app/")


async def test_hashed_files_are_kept_for_ever_and_travel_compressed(http, folder):
    answer = await http.get("/app/assets/index-a1b2.js")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == (folder / "assets" / "index-a1b2.js").read_text()
    plain = await http.get("/app/assets/index-a1b2.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert len(gzip.compress(plain.content)) < len(plain.content)


async def test_other_files_are_asked_for_again(http):
    answer = await http.get("/app/favicon.svg")
    assert answer.headers["cache-control"] == "no-cache"
    again = await http.get("/app/favicon.svg", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/app/..%2fsecret.txt",
        "/app/%2e%2e/secret.txt",
        "/app//etc/passwd",
        "/app/assets",
        "/app/%00",
    ],
)
async def test_nothing_outside_of_the_folder_is_served(http, path):
    answer = await http.get(path)
    assert answer.status_code in (404, 307)
    assert "secret" not in answer.text


async def test_a_link_out_of_the_folder_is_not_followed(http, folder):
    (folder / "assets" / "way-out").symlink_to(folder.parent / "secret.txt")
    assert (await http.get("/app/assets/way-out")).status_code == 404


async def test_without_a_build_the_page_says_how_to_make_it(tmp_path):
    app = Starlette(routes=webapp.routes(tmp_path / "missing"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://node.test"
    ) as client:
        answer = await client.get("/app/")
    assert answer.status_code == 503
    assert "make webapp" in answer.text
