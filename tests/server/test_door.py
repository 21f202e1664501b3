from ipaddress import ip_network

import pytest
from tests.server.conftest import PASSWORD

from microsocial.identity.throttle import ADDRESS_PACE


def token_of(node):
    return node.setup_link.link("").partition("#setup=")[2]


async def test_a_new_node_says_so_and_nothing_else(stranger):
    answer = await stranger.get("/session")
    assert answer.json() == {
        "state": "new",
        "name": None,
        "id": None,
        "csrf": None,
        "is_open_wire": True,
    }


async def test_setup_makes_the_person_and_logs_in(owner, node):
    assert len(owner.words) == 24
    session = (await owner.get("/session")).json()
    told = {"state": "open", "name": "Ana", "id": node.me.id, "csrf": owner.csrf}
    assert session == {**told, "is_open_wire": False}
    me = (await owner.get("/me")).json()
    assert (me["name"], me["is_me"], me["words_confirmed"]) == ("Ana", True, False)
    assert me["words_asked"] == owner.asked


async def test_the_setup_link_works_once(owner, node, stranger):
    again = {"token": "x" * 43, "name": "Mallory", "password": "long enough"}
    assert (await stranger.post("/setup", again)).status_code == 403


async def test_a_wrong_setup_token_makes_nobody(node, stranger):
    wrong = {"token": "x" * 43, "name": "Mallory", "password": "long enough"}
    answer = await stranger.post("/setup", wrong)
    assert answer.status_code == 403
    assert answer.json()["type"] == "about:microsocial/setup-link-used"
    assert node.me is None


@pytest.mark.parametrize(("field", "value"), [("name", " "), ("password", "short")])
async def test_a_slip_at_setup_is_named_and_the_link_stays_good(node, browsers, field, value):
    browser = browsers()
    asked = {"token": token_of(node), "name": "Ana", "password": PASSWORD}
    answer = await browser.post("/setup", {**asked, field: value})
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert (await browser.post("/setup", asked)).status_code == 200


async def test_the_words_are_said_once(owner, node):
    for path in ("/session", "/me", "/status", "/settings"):
        answer = await owner.get(path)
        assert not any(f'"{word}"' in answer.text for word in owner.words)


async def test_two_words_are_asked_back(owner):
    first, second = owner.asked
    wrong = {str(first): owner.words[first - 1], str(second): "zoo"}
    right = {str(first): owner.words[first - 1], str(second): owner.words[second - 1]}
    answer = await owner.post("/setup/confirm", {"words": wrong})
    assert (answer.status_code, answer.json()["type"]) == (
        400,
        "about:microsocial/words-do-not-match",
    )
    assert (await owner.post("/setup/confirm", {"words": right})).status_code == 204
    me = (await owner.get("/me")).json()
    assert (me["words_confirmed"], me["words_asked"]) == (True, None)


async def test_login_before_setup_says_what_to_do(stranger):
    answer = await stranger.post("/login", {"password": PASSWORD})
    assert answer.json()["type"] == "about:microsocial/not-set-up"


async def test_the_right_password_opens_a_session_of_its_own(owner, browsers):
    phone = browsers("198.51.100.4", "Mozilla/5.0 (iPhone) Safari/604")
    assert (await phone.login()).status_code == 200
    assert phone.csrf != owner.csrf
    labels = {row["label"]: row["current"] for row in (await phone.get("/sessions")).json()}
    assert labels == {"Firefox on Linux": False, "Safari on iPhone": True}


async def test_a_wrong_password_is_refused_in_words(owner, stranger):
    answer = await stranger.login("wrong password")
    assert answer.status_code == 401
    assert answer.json()["type"] == "about:microsocial/wrong-password"
    assert "set-cookie" not in answer.headers


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(owner, node, browsers):
    answer = await browsers().login()
    session, browser = answer.headers.get_list("set-cookie")
    for cookie in (session, browser):
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Secure" not in cookie  # plain http
    assert session.startswith(f"microsocial_{node.me.id[:8]}=")


async def test_behind_https_cookies_travel_over_https_only(owner, node, browsers):
    browser = browsers("10.0.0.1")
    app = browser.http._transport.app
    app.user_middleware[2].kwargs["trusted"] = (ip_network("10.0.0.0/8"),)
    app.middleware_stack = None
    asked = {"password": PASSWORD}
    answer = await browser.post(
        "/login", asked, X_Forwarded_Proto="https", X_Forwarded_For="1.2.3.4"
    )
    assert all("Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))


async def test_behind_a_proxy_that_is_not_trusted_the_browsers_own_page_tells(
    owner, node, browsers
):
    browser = browsers("10.0.0.1")
    asked = {"password": PASSWORD}
    answer = await browser.post("/login", asked, Origin="https://node.test")
    assert answer.status_code == 200
    assert all("Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))
    foreign = await browser.post("/login", asked, Origin="https://elsewhere.test")
    assert foreign.status_code == 403


async def test_guessing_gets_slow_for_one_address_but_not_for_the_known_browser(owner, browsers):
    thief = browsers("203.0.113.66")
    for _ in range(ADDRESS_PACE.free):
        assert (await thief.login("a guess or two")).status_code == 401
    refused = await thief.login()
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    # The owner's browser, even behind the very same address:
    ours = browsers("203.0.113.66")
    ours.http.cookies = owner.http.cookies
    assert (await ours.login()).status_code == 200


async def test_logout_closes_everything_again(owner, node):
    assert (await owner.get("/me")).status_code == 200
    old = dict(owner.http.cookies)
    assert (await owner.post("/logout")).status_code == 204
    assert f"microsocial_{node.me.id[:8]}" not in owner.http.cookies
    owner.http.cookies.update(old)  # also for whoever kept the cookie
    assert (await owner.get("/me")).status_code == 401
    assert (await owner.get("/session")).json()["state"] == "locked"


async def test_a_new_password_ends_the_other_sessions(owner, browsers):
    phone = browsers()
    await phone.login()
    new = {"old": PASSWORD, "new": "another good password"}
    assert (await owner.post("/password", {**new, "old": "not it at all"})).status_code == 401
    assert (await owner.post("/password", new)).status_code == 204
    assert (await owner.get("/me")).status_code == 200
    assert (await phone.get("/me")).status_code == 401
    assert (await phone.login()).status_code == 401
    assert (await phone.login(new["new"])).status_code == 200


async def test_another_site_cannot_log_somebody_in(owner, browsers):
    browser = browsers()
    for headers in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        answer = await browser.post("/login", {"password": PASSWORD}, **headers)
        assert answer.status_code == 403


async def test_the_person_is_there_after_a_restart(owner, node):
    person = node.me.id
    await node.stop()
    await node.start()
    assert node.me.id == person
    assert (await owner.get("/me")).json()["name"] == "Ana"


async def test_the_public_page_counts_its_days_where_the_owner_lives(owner, browsers, stranger):
    """The morning of the 15th of January 2027 in London is the evening of the 14th on Samoa."""
    await owner.post("/posts", {"text": "Good night", "audience": {"class": "public"}})

    async def shown():
        page = (await stranger.http.get("/")).text
        return page.partition("<time")[2].partition("</time>")[0].rpartition(">")[2]

    assert (await owner.get("/settings")).json()["time_zone"] == "UTC"
    assert await shown() == "2027-01-15"
    phone = browsers()
    asked = {"password": PASSWORD, "time_zone": "Pacific/Pago_Pago"}
    assert (await phone.post("/login", asked)).status_code == 200
    assert await shown() == "2027-01-14"
    for unknown in ("Europe/Atlantis", "../../etc/passwd", "x" * 5000, ""):
        assert (await phone.post("/login", {**asked, "time_zone": unknown})).status_code == 200
        refused = await owner.send("PATCH", "/settings", {"time_zone": unknown})
        assert refused.status_code == 400
    assert (await owner.get("/settings")).json()["time_zone"] == "Pacific/Pago_Pago"
    await owner.send("PATCH", "/settings", {"time_zone": "Europe/Istanbul"})
    assert await shown() == "2027-01-15"
