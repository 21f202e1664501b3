"""Sizes as people say them, in every sentence of this program alike."""


def size(count: int) -> str:
    """Bytes in the unit a person would use."""
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"
