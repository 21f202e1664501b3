"""Two friends who write to each other, in a village without a network."""

from tests.support.village import Village, Villager

from microsocial.messages.service import Messages


class Talker:
    """One side of a conversation: a villager and what they do with messages."""

    def __init__(self, villager: Villager) -> None:
        self.villager = villager
        self.id = villager.id
        self.log = villager.log
        self.room = Messages(villager.log, villager.friends, villager.delivery, villager.clock)

    def write(self, change):
        return self.villager.write(change)

    def read(self, query):
        return self.villager.read(query)

    def send(self, other, text, key=None):
        return self.write(lambda conn: self.room.send(conn, other.id, text, key=key))

    def edit(self, other, message, text):
        return self.write(lambda conn: self.room.edit(conn, other.id, message["id"], text))

    def unsend(self, other, message):
        self.write(lambda conn: self.room.unsend(conn, other.id, message["id"]))

    def clear(self, other):
        return self.write(lambda conn: self.room.clear(conn, other.id))

    def mark_read(self, other):
        return self.write(lambda conn: self.room.read(conn, other.id))

    def page(self, other, **options):
        return self.read(lambda conn: self.room.page(conn, other.id, **options))

    def texts(self, other):
        """What was said, oldest first."""
        return [item["text"] for item in reversed(self.page(other)["items"])]

    def notes(self, other):
        return [note["sentence"] for note in self.page(other)["notes"]]

    def conversations(self):
        return self.read(self.room.conversations)

    def told(self):
        return self.villager.told_names()

    def holds(self, words: str) -> bool:
        """Whether these words stand anywhere in the database."""
        return words.encode() in self.villager.db.snapshot()


class Talk:
    def __init__(self) -> None:
        self.village = Village()
        self.clock = self.village.clock
        self.ana, self.ben, self.cem = (
            Talker(self.village.person(name)) for name in ("Ana", "Ben", "Cem")
        )
        self.village.befriend(self.ana.villager, self.ben.villager)
        self.bring()
        self.ana.told()
        self.ben.told()

    def bring(self):
        """Carry everything that anybody has to say."""
        return self.village.bring()

    def bring_from(self, sender: Talker, receiver: Talker):
        """Carry what one has to say to the other, and nothing back."""
        return self.village.carry(sender.villager, receiver.villager)

    def close(self):
        self.village.close()
