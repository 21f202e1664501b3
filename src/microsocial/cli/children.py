"""Node processes started and ended by this program, each known by its pid. The demo and the journeys use it."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from microsocial.client import doors
from microsocial.client.errors import NotRunning, StrangeAnswer
from microsocial.client.sync import Client
from microsocial.errors import WeBroke

# A cold start on a busy Raspberry Pi; a start here takes about a second.
START_SECONDS = 60.0
STOP_SECONDS = 20.0
_LOOK_AGAIN_SECONDS = 0.05


class DidNotStart(WeBroke):
    """A node did not start."""


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Child:
    """One node in its own process and folder."""

    data: Path
    port: int
    flags: Sequence[str] = ()
    env: Mapping[str, str] | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.data.parent / f"{self.data.name}.log"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def command(self, *words: str) -> list[str]:
        """The command line of this program, for this child's folder."""
        return [sys.executable, "-m", "microsocial.cli.main", *words, "--data", str(self.data)]

    def run(
        self, *words: str, stdin: str | None = None, seconds: float = 60.0
    ) -> "subprocess.CompletedProcess[str]":
        """Run one command for this folder to its end."""
        return subprocess.run(  # noqa: S603  # our own program, with our own words
            self.command(*words),
            input=stdin if stdin is not None else "",
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            env=self.env,
            check=False,
        )

    def start(self) -> None:
        """Start the node and wait until it answers."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  # our own program, with our own words
                self.command("run", "--host", "127.0.0.1", "--port", str(self.port), *self.flags),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                start_new_session=True,  # Ctrl+C reaches the parent alone, which ends its children in order
            )

    def wait_until_ready(self) -> None:
        """Wait for the node's own sign (node.json) and an answer under it. Raises DidNotStart."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.is_running:
            if self._answers():
                return
            time.sleep(_LOOK_AGAIN_SECONDS)
        said = self.log_file.read_text("utf-8", "replace")[-2000:]
        self.stop()
        raise DidNotStart(f"The node in {self.data} did not start. It said:\n{said}")

    def _answers(self) -> bool:
        if doors.find_node(self.data) is None:
            return False
        try:
            with Client(self.url) as client:
                return client.request("GET", "/healthz")[0] == 200
        except (NotRunning, StrangeAnswer):
            return False

    def stop(self) -> None:
        """End the node politely; after a while not."""
        if self.process is None:
            return
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the node at once, as a power cut would."""
        if self.process is None:
            return
        if self.is_running:
            self.process.kill()
        self.process.wait()
        self.process = None
