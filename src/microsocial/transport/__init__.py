"""Transport: carries bytes between nodes and knows nothing of what they mean.

Its one duty is to bring sealed bytes to a friend's node and to take them in at the door. Out: `http_out.py` (signed
requests, several addresses per friend, the clock offset of spec 10.3) over `connections.py` (kept alive, read within limits) behind
`guard.py` (which addresses may be connected to at all). In:
`http_in.py` (the routes of spec 10.1) with `bodies.py` (size limits while streaming), `throttle.py` (strangers'
allowance) and `nonces.py` (spec 10.4). What the bytes are for is handed in by the node as a `reception.Reception`.

Front door: `http_out.HttpOut` and `http_in.peer_routes`.

May import: protocol, context, database, settings, errors, events, clock
"""
