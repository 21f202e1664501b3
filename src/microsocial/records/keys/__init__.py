"""Whose keys are whose, and what follows for records when they change.

Its one duty: key logs only grow, a contradiction is kept as one, and what somebody disowned after a theft stands nowhere.

    rings.py      key logs of people, when they changed, two that contradict each other
    apart.py      setting disowned revisions aside, and undoing what they did
    mine.py       what I say after my own key was stolen
    suspects.py   what friends hold in my name that I do not know
    store.py      tables and statements

May import: the rest of records, database, protocol, errors, events, clock.
"""
