"""The one MetaData. Rooms declare their tables on it in their store.py; the migrations create them."""

from sqlalchemy import MetaData

metadata = MetaData()
