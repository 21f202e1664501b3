"""Photos, clips and voice notes: taken in, looked at, cleaned, sized, sealed, kept and pruned.

- `sniff.py` what a file really is · `leaks.py` what it would have given away
- `worker.py` the child process with limits; in it `photos.py` and `clips.py` · `workshop.py` hands it files
- `files.py` blobs on disk, durable and named by their hash

May import: records, transport, database, protocol, settings, errors, events, clock.
"""
