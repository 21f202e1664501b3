"""Brings a file to the node (tus 1.0) through broken connections and restarts, and waits until it is prepared."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from microsocial.client import calls
from microsocial.client.errors import NotRunning, Refused
from microsocial.client.model import Upload
from microsocial.client.sync import Client

PIECE_BYTES = 8 * 1024 * 1024  # what a broken connection costs at most
PATIENCE_SECONDS = 60.0  # for a node that went away: a restart takes a few
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
LOOK_SECONDS = 0.25  # between two looks at how the preparing goes
UNAUTHORIZED, CONFLICT = 401, 409


class Told(Protocol):
    """Hears how far it is: bytes that are there, and then how much of the preparing is done (0 to 100)."""

    def sent(self, count: int) -> None: ...
    def prepared(self, percent: int) -> None: ...


@dataclass
class Uploader:
    """Brings files to one node. `reach` gives a client anew: a restarted node has another key."""

    reach: Callable[[], Client]
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self._client = self.reach()

    def close(self) -> None:
        self._client.close()

    def bring(self, file: Path, told: Told, *, keep_credit: bool = False) -> Upload:
        """Send a file and wait for it; give it `ready` or `refused`. Raises Refused, NotRunning, OSError."""
        length = file.stat().st_size
        with file.open("rb") as source:
            upload_id = self._announce(file.name, length, keep_credit=keep_credit)
            offset = 0
            while offset < length:
                source.seek(offset)
                offset = self._send(upload_id, offset, source.read(PIECE_BYTES))
                told.sent(offset)
        return self._wait(upload_id, told)

    def _announce(self, name: str, length: int, *, keep_credit: bool) -> str:
        metadata = f"filename {_base64(name)}" + (
            f",keepcredit {_base64('yes')}" if keep_credit else ""
        )
        answer = self._client.send(
            "POST",
            "/api/v1/uploads",
            {
                "Tus-Resumable": "1.0.0",
                "Upload-Length": str(length),
                "Upload-Metadata": metadata,
            },
        )
        return answer["location"].rsplit("/", 1)[-1]

    def _send(self, upload_id: str, offset: int, piece: bytes) -> int:
        """Send one piece; give where the upload stands, also when the connection broke in the middle of it."""
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        try:
            answer = self._client.send("PATCH", _path(upload_id), headers, piece)
        except (NotRunning, Refused) as error:
            if isinstance(error, Refused) and error.status not in {UNAUTHORIZED, CONFLICT}:
                raise
            return self._where(upload_id)
        return int(answer["upload-offset"])

    def _where(self, upload_id: str) -> int:
        """Ask where it stands, as often as it takes a node to come back."""
        pause, waited = FIRST_PAUSE_SECONDS, 0.0
        while True:
            try:
                self.close()
                self._client = self.reach()
                answer = self._client.send("HEAD", _path(upload_id), {"Tus-Resumable": "1.0.0"})
            except (NotRunning, Refused) as error:
                is_away = isinstance(error, NotRunning) or error.status == UNAUTHORIZED
                if not is_away or waited >= PATIENCE_SECONDS:
                    raise
                self.sleep(pause)
                waited += pause
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                return int(answer["upload-offset"])

    def _wait(self, upload_id: str, told: Told) -> Upload:
        while True:
            try:
                upload = self._client.do(calls.upload(upload_id))
            except (NotRunning, Refused) as error:
                if isinstance(error, Refused) and error.status != UNAUTHORIZED:
                    raise
                self._where(upload_id)
                continue
            told.prepared(upload["progress"])
            if upload["state"] in {"ready", "refused"}:
                return upload
            self.sleep(LOOK_SECONDS)


def _path(upload_id: str) -> str:
    return f"/api/v1/uploads/{upload_id}"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
