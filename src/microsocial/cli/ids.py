"""An id may begin with a hyphen (b64u has one among its letters), and is an id nevertheless."""

import re
from typing import Any

from typer.core import TyperCommand
from typing_extensions import override

# One hyphen and no option of ours: the beginning of an id. Two: only a whole one, or a mistyped option would pass for it.
_LIKE_AN_ID = re.compile(
    r"-[A-Za-z0-9_][A-Za-z0-9_-]{3,}|--(?:[A-Za-z0-9_-]{20}|[A-Za-z0-9_-]{41})"
)
_SHIELD = "\0"  # stands in no argument: the system ends them with it


class TakesIds(TyperCommand):
    """A command among whose arguments ids may stand."""

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        options = {name for one in self.params for name in (*one.opts, *one.secondary_opts)}
        shielded = [_SHIELD + one if _is_id(one, options) else one for one in args]
        rest = super().parse_args(ctx, shielded)
        ctx.params = {name: _bare(value) for name, value in ctx.params.items()}
        return rest


def _is_id(argument: str, options: set[str]) -> bool:
    return argument not in options and _LIKE_AN_ID.fullmatch(argument) is not None


def _bare(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_bare(one) for one in value)
    return value.removeprefix(_SHIELD) if isinstance(value, str) else value
