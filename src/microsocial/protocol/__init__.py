"""The open protocol as pure functions: bytes in, values out. Anything a peer can send ends as a value or as a `PeerBroke`.

Start reading at docs/spec/README.md; every module cites the sections it obeys. Front door: `payloads.read_record`
for what people say, `exchange` for what nodes say, `sealing` and `signatures` for how it travels, `keys` for who
speaks. `crypto.py` alone touches the cryptographic libraries.
No I/O, no clock, no asyncio; randomness is handed in, except for what HPKE draws inside its library.

May import: errors.
"""
