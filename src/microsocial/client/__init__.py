"""The client: the owner's API, typed, from the outside.

Its one duty is to know how to ask a running node, and how to tell what it said. `calls.py` is the list of everything one can ask
(pure: method, path, body, and the shape of the answer); `sync.py` and `aio.py` are two shells that carry a call; `watching.py` reads
the live events through reconnects; `model.py` holds the shapes of docs/develop/api.md; `doors.py` finds the node of a data folder.

Front door: `client.sync.Client(url, token)`, `client.aio.AsyncClient(url, token)`, `client.calls`, `client.watching`.

It speaks httpcore (the engine inside httpx) directly: a command of the command line starts in half the time.

May import: errors
"""
