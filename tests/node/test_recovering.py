"""Coming back on a machine, without the network: what is put together, and what is left when it goes wrong."""

import pytest
from argon2 import PasswordHasher

from microsocial.archive.backups.model import DataFolderNotEmpty
from microsocial.archive.work import Progress
from microsocial.identity import passwords
from microsocial.identity.model import SetupLinkUsed
from microsocial.identity.recovery import beginning, capsule_key
from microsocial.identity.service import new_sheet
from microsocial.node import make_person
from microsocial.node.life import Node
from microsocial.node.recovering import Asked, NameNeeded, NobodyAnswered, come_back, recover
from microsocial.node.sources import Ground
from microsocial.protocol.capsules import CapsuleFriend, Contents, seal_capsule
from microsocial.protocol.crypto import new_hpke_key
from microsocial.protocol.encoding import b64u
from microsocial.protocol.envelope import sign_envelope
from microsocial.protocol.keys import signing_key
from microsocial.settings import Settings

WORDS = bytes(range(32))
FRIEND = CapsuleFriend(id=b64u(bytes(32)), sees_from=7, name="Ben", urls=("http://127.0.0.1:1",))


class Known:
    """A source that has a key log, and perhaps a capsule."""

    def __init__(self, *capsules, friends=(), fails=None):
        self.ground = Ground(beginning(WORDS), capsules, friends)
        self.fails = fails

    async def look(self, place):
        (place.settings.data).mkdir()
        (place.settings.data / "half").write_text("done")
        return self.ground

    def bring(self, node, progress):
        if self.fails:
            raise self.fails
        return ["One thing more."]


def capsule(contents, revision=9, words=WORDS):
    public = new_hpke_key(capsule_key(words))[1]
    me = beginning(WORDS).id
    fields = {"author": me, "key": 0, "id": "capsule", "revision": revision, "created": 1}
    sealed = {"audience": "friends", "sealed": seal_capsule(contents, me, public)}
    return sign_envelope("capsule", fields | sealed, signing_key(WORDS, 0))


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path / "data")


def asked(source, **more):
    return Asked(words=WORDS, source=source, password="correct horse", reason="planned", **more)


def ends(settings):
    """Nobody lives there, nothing half done lies about, and a new start is possible."""
    assert not (settings.data / "recovering").exists()
    node = Node(settings)
    node.open()
    try:
        return node.me is None
    finally:
        node.close()


async def test_a_key_log_and_a_capsule_make_a_home(settings):
    said = Contents(name="Ana", about="I am", hue=200, audience="public")
    back = await recover(settings, asked(Known(capsule(said))))
    assert (back.name, back.number, back.sentences) == ("Ana", 1, ["One thing more."])
    assert back.data == settings.data
    node = Node(settings)
    node.open()
    try:
        assert (node.me.id, node.me.key_number) == (beginning(WORDS).id, 1)
        profile = node.db.read_sync(node.profile)
        assert (profile.about, profile.hue, profile.audience) == ("I am", 200, "public")
        assert passwords.fits("correct horse", node.db.read_sync(node.identity.password_hash))
    finally:
        node.close()
    assert sorted(path.name for path in settings.data.iterdir()) == ["lock", "microsocial.db"]


async def test_the_newest_capsule_that_opens_counts(settings):
    old, new = (
        capsule(Contents(name=name), revision) for name, revision in (("Old", 5), ("Ana", 6))
    )
    forged = capsule(Contents(name="Mallory"), 7, words=bytes(32))
    back = await recover(settings, asked(Known(old, forged, new)))
    assert back.name == "Ana"


async def test_without_a_capsule_a_name_is_needed(settings):
    with pytest.raises(NameNeeded):
        await recover(settings, asked(Known()))
    assert ends(settings)
    back = await recover(settings, asked(Known(), name="Ana"))
    assert back.name == "Ana"


async def test_no_new_key_when_friends_are_known_and_none_answers(settings):
    source = Known(capsule(Contents(name="Ana", friends=(FRIEND,))))
    told: list[str] = []
    progress = Progress(lambda _done, _total, sentence: told.append(sentence))
    with pytest.raises(NobodyAnswered):
        await recover(settings, asked(source), progress)
    assert told == ["Asking 1 of your friends …"]
    assert ends(settings)
    back = await recover(settings, asked(source, anyway=True))
    assert (back.friends, back.answered) == (1, 0)


async def test_what_fails_on_the_way_leaves_nobody_living_there(settings):
    source = Known(capsule(Contents(name="Ana")), fails=OSError("no disk"))
    with pytest.raises(OSError, match="no disk"):
        await recover(settings, asked(source))
    assert ends(settings)


async def test_a_folder_in_which_somebody_lives_is_left_alone(settings):
    make_person(settings, "Ben", "correct horse")
    before = (settings.data / "microsocial.db").read_bytes()
    with pytest.raises(DataFolderNotEmpty):
        await recover(settings, asked(Known(), name="Ana"))
    assert (settings.data / "microsocial.db").read_bytes() == before


def test_a_killed_recovery_leaves_an_empty_machine_that_starts(settings):
    (settings.data / "recovering").mkdir(parents=True)
    node = Node(settings)
    node.open()
    node.close()
    assert ends(settings)


@pytest.fixture
async def waiting(settings):
    """A running node in which nobody lives yet."""
    node = Node(settings)
    await node.start()
    yield node
    await node.stop()


async def test_a_running_node_becomes_the_home_without_a_restart(waiting):
    node, token = waiting, waiting.setup_link.link("").partition("=")[2]
    back = await come_back(node, asked(Known(capsule(Contents(name="Ana")))), Progress())
    assert (back.name, node.me.id) == ("Ana", beginning(WORDS).id)
    assert node.db.read_sync(node.name) == "Ana"
    with pytest.raises(SetupLinkUsed):
        node.setup_link.check(token)
    assert not (node.settings.data / "recovering").exists()


async def test_what_fails_leaves_the_running_node_empty_and_its_link_good(waiting):
    node, token = waiting, waiting.setup_link.link("").partition("=")[2]
    source = Known(capsule(Contents(name="Ana")), fails=OSError("no disk"))
    with pytest.raises(OSError, match="no disk"):
        await come_back(node, asked(source), Progress())
    assert node.me is None
    node.setup_link.check(token)
    assert not (node.settings.data / "recovering").exists()
    assert (await come_back(node, asked(Known(), name="Ana"), Progress())).name == "Ana"


async def test_whoever_was_made_meanwhile_stays(waiting):
    """Set up in one window while another comes back: the one who lives there is not replaced."""
    node = waiting
    sheet = new_sheet(node.entropy)
    await node.db.write(lambda conn: node.identity.create(conn, sheet, "hash", "hash"))
    with pytest.raises(DataFolderNotEmpty):
        await come_back(node, asked(Known(), name="Ana"), Progress())
    assert node.db.read_sync(node.identity.me).id != beginning(WORDS).id
