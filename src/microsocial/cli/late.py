"""Parts that take long to load, loaded at the moment a command needs them. Measured: node and web server cost half a second."""

from importlib import import_module
from typing import Any


def load(module: str) -> Any:
    """Give a heavy module of this program by its name."""
    return import_module(module)
