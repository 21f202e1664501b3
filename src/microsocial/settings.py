"""Settings: the one table, and the only reader of the environment.

A flag on the command line counts more than an environment variable (`MICROSOCIAL_PORT`), that more than `config.toml` in
the data folder, that more than the default. docs/operate/settings.md is generated from the table (`make generated`).
"""

import dataclasses
import ipaddress
import os
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from microsocial.errors import Invalid

PREFIX = "MICROSOCIAL_"
CONFIG_NAME = "config.toml"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingWrong(Invalid):
    """A setting cannot be used as it is. Correct it and start again."""


class ConfigUnreadable(Invalid):
    """The file config.toml in the data folder cannot be read. Correct it and start again."""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("has to be a text")
    return value


def _folder(value: object) -> Path:
    return Path(_text(str(value))).expanduser().absolute()


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("has to be a whole number")  # noqa: TRY004 - one error for all of them
    try:
        return int(value)
    except ValueError:
        raise ValueError("has to be a whole number") from None


def _size(value: object) -> int:
    number = _whole(value)
    if number < 0:
        raise ValueError("has to be 0 or more")
    return number


def _port(value: object) -> int:
    number = _whole(value)
    if not 0 <= number <= 65535:
        raise ValueError("has to be between 0 and 65535 (0: any free one)")
    return number


def _address(value: object) -> str | None:
    if value in (None, ""):
        return None
    address = _text(value).rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("has to be a whole address such as https://ana.example")
    return address


def _networks(value: object) -> tuple[Network, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple):
        raise ValueError("has to be a list of networks such as 127.0.0.1, 192.168.0.0/16")  # noqa: TRY004
    try:
        return tuple(ipaddress.ip_network(str(name).strip()) for name in names if str(name).strip())
    except ValueError as error:
        raise ValueError(f"has to be a list of networks: {error}") from None


LOG_LEVELS = ("debug", "info", "warning", "error")


def _log_level(value: object) -> str:
    level = _text(value).lower()
    if level not in LOG_LEVELS:
        raise ValueError(f"has to be one of {', '.join(LOG_LEVELS)}")
    return level


def _setting(default: Any, parse: Callable[[object], Any], sentence: str) -> Any:
    """One row of the table: its default, what makes a value of whatever was given, and what it does."""
    return field(default=default, metadata={"parse": parse, "sentence": sentence})


@dataclass(frozen=True)
class Settings:
    """The table. Every row is a flag's, an environment variable's and config.toml's name."""

    data: Path = field(
        metadata={
            "parse": _folder,
            "sentence": "The folder that holds everything. Without it: the usual place for a program's data, "
            "`~/.local/share/microsocial`, on a Mac `~/Library/Application Support/Microsocial`. Not in config.toml.",
        }
    )
    host: str = _setting(
        "127.0.0.1",
        _text,
        "The network address to listen at. `0.0.0.0` for all; put HTTPS in front of it (https.md).",
    )
    port: int = _setting(8080, _port, "The port to listen at.")
    address: str | None = _setting(
        None,
        _address,
        "Where others reach you, such as `https://ana.example`. It goes into invites and to your friends. Empty: "
        "only people on this machine reach you.",
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        (),
        _networks,
        "Networks of your own reverse proxies. Only their forwarded headers count.",
    )
    allow_private_addresses: tuple[Network, ...] = _setting(
        (),
        _networks,
        "Private networks that may be called, for friends at home and for trials on one machine (`127.0.0.0/8`). "
        "Empty: only public addresses.",
    )
    media_ceiling_bytes: int = _setting(
        5 * 1024**3,
        _size,
        "How much room others' photos and clips may take, in bytes. Those seen longest ago go first; they come "
        "again when looked at.",
    )
    log_level: str = _setting(
        "info",
        _log_level,
        f"How much is logged: {', '.join(f'`{level}`' for level in LOG_LEVELS)}.",
    )
    clock_offset_ms: int = _setting(
        0, _whole, "For tests: milliseconds by which this node's clock is ahead."
    )
    backoff_base_ms: int = _setting(
        60_000,
        _size,
        "For tests: milliseconds before the first repeat of a delivery that failed; each later one waits longer.",
    )

    @classmethod
    def load(
        cls, flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None
    ) -> Self:
        """Gather every setting from where it counts most. A flag that is None was not given.

        Raises:
            SettingWrong, ConfigUnreadable: with the name and what is wrong.
        """
        environment = os.environ if environ is None else environ
        given = {name: value for name, value in (flags or {}).items() if value is not None}
        from_environment = {
            row.name: environment[variable(row.name)]
            for row in rows()
            if variable(row.name) in environment
        }
        folder = given.get("data", from_environment.get("data", default_folder(environment)))
        values = {"data": _parse("data", folder)}
        chosen = _config(values["data"] / CONFIG_NAME) | from_environment | given
        return cls(**{name: _parse(name, value) for name, value in chosen.items()} | values)


def rows() -> tuple["dataclasses.Field[Any]", ...]:
    return dataclasses.fields(Settings)


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def default_folder(environment: Mapping[str, str]) -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Microsocial"
    shared = environment.get("XDG_DATA_HOME")
    return (Path(shared) if shared else Path.home() / ".local" / "share") / "microsocial"


def _parse(name: str, value: object) -> Any:
    row = next((row for row in rows() if row.name == name), None)
    if row is None:
        raise SettingWrong(f"There is no setting “{name}”.", field=name)
    try:
        return row.metadata["parse"](value)
    except ValueError as error:
        raise SettingWrong(f"The setting “{name}” {error}.", field=name) from None


def _config(file: Path) -> dict[str, object]:
    try:
        chosen = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # TOML and UTF-8 errors are ValueErrors
        raise ConfigUnreadable(f"{file}: {error}") from None
    if "data" in chosen:
        raise SettingWrong(
            "config.toml lies in the data folder and cannot name another.", field="data"
        )
    return chosen
