"""What the owner takes along: one zip that is a website to look at and, inside, everything to bring back bit for bit.

Its one duty: what was said can be read in ten years without this program, and returns into it unchanged.
Front door: `api.router`; `export.Export` gives the zip piece by piece; `importing.Importing` brings one back, running or
offline; `reading.Reading` looks into one, as for whose it is.

    zips.py     a zip as a stream of bytes       layout.py   how files are called
    gallery.py  which file shows what            pages.py    the website's pages
    shelf.py    records and facts, in files      stamp.py     what proves that nothing was changed
    export.py   all of it, in order              streaming.py  from a thread to whoever downloads
    scratch.py  where a zip lies meanwhile       format.py   the description, in every zip and in the docs
    unzipping.py a zip from outside, mistrusted  reading.py  an export from outside, checked
    importing.py the job that brings it back     returning.py  files and facts that come back

docs/operate/export.md describes the format for whoever has only the zip; the same text lies in every zip as FORMAT.txt.

May import: posts, messages, friends, media, identity, records, site, feed, context, database, protocol, errors, events, clock.
"""
