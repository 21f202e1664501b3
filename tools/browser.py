"""Has Chromium for the browser journeys: installs it where that is possible, else says how. Never fails."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW = (
    "Chromium was not found: the browser journeys will be skipped. "
    "To run them too, install it (on Debian: sudo apt-get install chromium)."
)


def main() -> None:
    if any(shutil.which(name) for name in NAMES):
        return
    can_install = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")
    if not (can_install and _install()):
        print(HOW, file=sys.stderr)


def _install() -> bool:
    print("Installing Chromium for the browser journeys …", file=sys.stderr, flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    commands = (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium"],
    )
    return all(
        subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode == 0
        for command in commands
    )


if __name__ == "__main__":
    main()
