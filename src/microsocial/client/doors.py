"""Finds the node that runs on a data folder (docs/develop/architecture.md, "node.py": node.json and cli-token)."""

from pathlib import Path

import msgspec

from microsocial.client.errors import NoToken, NotRunning

NODE_FILE = "node.json"
TOKEN_FILE = "cli-token"  # noqa: S105  # the name of a file
# node.json holds four short fields, the token one line; more is not ours.
MAX_FILE_BYTES = 4096


class RunningNode(msgspec.Struct):
    """What a running node says about itself in its folder. Stale after a kill: only an answering url proves it."""

    url: str
    port: int
    pid: int
    version: str


def find_node(data: Path) -> RunningNode | None:
    try:
        with (data / NODE_FILE).open("rb") as file:
            return msgspec.json.decode(file.read(MAX_FILE_BYTES), type=RunningNode)
    except (OSError, msgspec.DecodeError):
        return None


def of_folder(data: Path) -> tuple[str, str]:
    """The url of the folder's node and the key for it. Raises NotRunning or NoToken."""
    node = find_node(data)
    if node is None:
        raise NotRunning(str(data))
    try:
        with (data / TOKEN_FILE).open("rb") as file:
            token = file.read(MAX_FILE_BYTES).decode("ascii", "replace").strip()
    except OSError as error:
        raise NoToken from error
    if not token:
        raise NoToken
    return node.url, token
