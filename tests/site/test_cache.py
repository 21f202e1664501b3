import asyncio

from microsocial.site import cache
from microsocial.site.cache import Built, PageCache

PAGE = Built.of(b"page", "text/plain")


async def test_many_who_ask_at_once_wait_for_one_builder():
    pages, built = PageCache(), []

    async def build():
        built.append(1)
        await asyncio.sleep(0)
        return PAGE

    assert await asyncio.gather(*(pages.get("home", build) for _ in range(5))) == [PAGE] * 5
    assert built == [1]


async def test_a_page_built_before_a_change_is_shown_but_not_kept():
    pages = PageCache()

    async def build():
        pages.forget()
        return PAGE

    assert await pages.get("home", build) == PAGE

    async def again():
        return Built.of(b"newer", "text/plain")

    assert (await pages.get("home", again)).body == b"newer"


async def test_the_least_recently_asked_leave_first(monkeypatch):
    monkeypatch.setattr(cache, "MAX_PAGES", 2)
    pages, built = PageCache(), []

    def build(name):
        async def build_it():
            built.append(name)
            return PAGE

        return build_it

    for name in ("a", "b", "a", "c", "a", "b"):
        await pages.get(name, build(name))
    assert built == ["a", "b", "c", "b"]


async def test_what_is_not_there_is_not_kept():
    pages = PageCache()

    async def nothing():
        return None

    async def something():
        return PAGE

    assert await pages.get("x", nothing) is None
    assert await pages.get("x", something) == PAGE
