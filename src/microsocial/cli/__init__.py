"""The command line: what an owner, or the owner's script, can say to a node in a terminal.

Its one duty is to turn words into calls of the owner's API (`client.calls`) and answers into plain words or one JSON document.
`main.py` puts the commands together and is the front door; `people.py`, `posts.py`, `messages.py`, `care.py` talk to the running
node; `start.py` (init, run, demo) and `offline.py` (rebuild) work on the folder itself; `door.py` finds the node, `words.py` prints.

Heavy parts (the HTTP client, the node, the web server) are loaded when a command needs them, through `late.py` alone, so that
`microsocial --help` answers at once: the one legitimate exception to "no imports inside functions".

May import: client, server, node, database, settings, errors, clock
"""
