"""Parts that take long to load, loaded at the moment a command needs them. Measured: node and web server cost half a second.

What is loaded stays, so the garbage collector would look through all of it again and again and find nothing: a fifth of a start.
"""

import gc
from importlib import import_module
from typing import Any


def load(module: str) -> Any:
    """Give a heavy module of this program by its name."""
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.enable()
