"""Microsocial: every person is their own platform. Start reading at `node.py`."""

__version__ = "0.1.0"
