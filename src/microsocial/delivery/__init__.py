"""Reaching people: each friend's position in my log, what goes to them next, what theirs brings.

Its one duty: for every pair of friends, what one holds of the other becomes what the other's log says they may see,
whatever the network, restores and copies do in between. No queue: positions, and a comparison when one is foreign.

    service.py    the front door: `Delivery`           model.py     Outgoing, NextStep, events
    updates.py    what goes out                        incoming.py  what comes in, in two halves
    answers.py    what an answer means                 reunion.py   when a position is foreign
    standing.py   positions: minted, read, run numbers prekeys.py   what letters are sealed to
    ledger.py     who has what, in words               quotas.py    how much one friend may bring a day
    courier.py    the loop around it (asyncio)         store.py     tables and statements

May import: records, transport, database, context, protocol, settings, errors, events, clock.
"""
