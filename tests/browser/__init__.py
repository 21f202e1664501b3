"""A package, so that the browser which its stories share ends with them (no event loop can run beside it)."""
