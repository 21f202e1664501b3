import inspect
import re
from pathlib import Path

from microsocial.client import calls, leaving
from microsocial.client.calls import Call

CONTRACT = (Path(__file__).parents[2] / "docs" / "develop" / "api.md").read_text("utf-8")


ASKED = {
    "audience": {"class": "me"},
    "scopes": ["read"],
    "since": 5,
    "messages": True,
    "ceiling_bytes": 5,
}


def every_call() -> list[Call[object]]:
    """Each function of the lists, asked with words that would break a careless path."""
    made = []
    for listed in (calls, leaving):
        for name, function in inspect.getmembers(listed, inspect.isfunction):
            if name.startswith("_") or function.__module__ != listed.__name__:
                continue
            needed = [
                parameter
                for parameter in inspect.signature(function).parameters.values()
                if parameter.default is parameter.empty
            ]
            given = {one.name: ASKED.get(one.name, "a/b?c#d") for one in needed}
            made.append(function(**given))
    return made


def test_every_call_stands_in_the_contract() -> None:
    shapes = {
        (method, re.sub(r"\{[^}]*\}", "*", path))
        for method, path in re.findall(r"(GET|POST|PUT|PATCH|DELETE) (/[^\s`?]*)", CONTRACT)
    }
    shortened = {
        ("POST", f"/friends/*/{verb}") for verb in ("decline", "remove", "block", "unblock")
    }
    shortened |= {("DELETE", "/circles/*/people/*")}
    for call in every_call():
        shape = (call.method, call.path.replace("a%2Fb%3Fc%23d", "*"))
        assert shape in shapes | shortened, shape


def test_what_people_type_cannot_change_the_path() -> None:
    for call in every_call():
        path = call.target.partition("?")[0]
        assert "a/b" not in path
        assert "#" not in call.target


def test_what_is_not_given_is_not_asked() -> None:
    assert calls.feed().target == "/api/v1/feed"
    assert calls.feed(5, "c&d").target == "/api/v1/feed?limit=5&cursor=c%26d"
    assert calls.publish("x", {"class": "me"}).body == {"text": "x", "audience": {"class": "me"}}
