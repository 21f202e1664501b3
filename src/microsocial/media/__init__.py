"""Photos, clips and voice notes: taken in, looked at, cleaned, sized, sealed, kept and pruned.

Its one duty: what a person shows gives nothing else away, arrives whole, and is gone when they take it back.
Front door: `Media` (service.py): which record shows which blob, who may have it. Around it, in the event loop: `Intake` takes
uploads, `Attachments` puts them into records, `Waiting` keeps what is said when its files are ready (held.py is its table), `Fetching` brings
friends' files, `Keeping` sweeps.

    sniff.py     what a file really is         leaks.py     what it would have given away
    worker.py    the child with limits, in which photos.py and clips.py run; workshop.py hands it files
    files.py     blobs on disk, durable        serving.py   whole or in ranges
    doors.py     for visitors and friends      api.py       for the owner

May import: records, transport, context, database, protocol, settings, errors, events, clock.
"""
