"""Who I am, and who may speak to this node as me.

Makes the person (24 words → key 0; only the current key is kept), the password, browser sessions, bearer tokens and the
one-time setup link. Front door: `service.Identity`; `sessions.Sessions` and `tokens.Tokens` for who may come in;
`throttle.Throttle` slows guessing. The words are shown once and kept nowhere.

May import: records, database, context, protocol, settings, errors, events, clock.
"""
