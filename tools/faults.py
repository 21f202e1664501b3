"""Has what the tests of full disks, erring disks and wrong clocks inject faults with. Never fails: they are skipped without it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "libfaketime": "usr/lib/*/faketime/libfaketimeMT.so.1",
    "fiu-utils": "usr/lib/fiu/fiu_posix_preload.so",
}
HOW = "Not found: {}. The tests that need it will be skipped. To run them too (on Debian): sudo apt-get install {}"


def main() -> None:
    if sys.platform != "linux":
        return
    missing = [name for name, file in PACKAGES.items() if not any(Path("/").glob(file))]
    if not missing:
        return
    can_install = os.geteuid() == 0 and shutil.which("apt-get")
    if not (can_install and _install(missing)):
        print(HOW.format(", ".join(missing), " ".join(missing)), file=sys.stderr)


def _install(packages: list[str]) -> bool:
    print(
        f"Installing {', '.join(packages)} for the tests of faults …", file=sys.stderr, flush=True
    )
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    commands = (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages],
    )
    return all(
        subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode == 0
        for command in commands
    )


if __name__ == "__main__":
    main()
