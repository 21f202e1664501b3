"""The node: the one place where everything is built, started and stopped.

    rooms.py    one person's rooms, wired, without any I/O (the simulator uses it too)
    outside.py  what connects them with other people's machines
    darkroom.py what handles photos and clips
    attic.py    the archive's parts: long work, backups, leaving
    rotating.py the key renewed while the node runs
    life.py     `Node`: folder, database, setup, start and stop; `opened` for verbs while none runs
    recovering.py, sources.py  coming back to an empty folder with the 24 words
    undone.py   what was written after an upgrade that was undone
    serving.py  the program: `run` serves until SIGTERM or SIGINT

`cli run` hands `server.create_app` in, since a node does not know its server.

May import: feed, site, archive, posts, messages, friends, delivery, media, identity, records, transport, context, database,
protocol, settings, errors, events, clock.
"""

from microsocial.node.life import NewPerson, Node, make_person, opened
from microsocial.node.rooms import Rooms, build_rooms
from microsocial.node.serving import run, serve

__all__ = ["NewPerson", "Node", "Rooms", "build_rooms", "make_person", "opened", "run", "serve"]
