"""Backups: copies of everything, encrypted, kept on another disk, and proved to be good before they are needed.

    model.py      what can go wrong, which snapshots are kept, the sentences; pure
    age.py        the age format            passphrase.py  its one file that a passphrase opens
    keys.py       the key of a backup folder, locked with passphrase and words
    folder.py     a backup folder on its disk: whole files or none, in the right order
    manifest.py   what one snapshot consists of
    reading.py    what comes out is what went in
    making.py     make a snapshot         rehearsing.py  prove that it could be restored
    restoring.py  bring a folder back     restored.py    what friends gave back, and what is to come
    keeper.py     `Backups`: the plan, the schedule, long work; lives in the event loop
    store.py      tables                  api.py         HTTP for the owner

May import: archive.work, friends, delivery, media, identity, records, context, database, protocol.
"""
