"""Machines that fail: disks that fill, break and lose power, system calls that err, clocks that jump, memory that ends.

with people("ana", folder=tmp_path, …): the person's folder may lie on a `Disk` of its own, mounted before she moves in.
All mounts happen in a mount namespace of this test process: nothing stays mounted, whatever happens.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Self

import pytest
from tests.support.nodes import Person

CLONE_NEWNS = 0x00020000
EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
WITHOUT_FLUSHING = struct.pack("I", 2)
FIU = Path("/usr/lib/fiu")
FAKETIME = "/usr/lib/*/faketime/libfaketimeMT.so.1"
HOW = "make faults installs it (as root, on Debian); or: apt-get install libfaketime fiu-utils"


def needs_root() -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk to fill, break and cut off")


@cache
def own_mounts() -> None:
    """From here on what this thread, and every process it starts, mounts is theirs alone."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        pytest.skip("this machine does not let its root have mounts of their own")
    run("mount", "--make-rprivate", "/")


def run(*words: str | Path, check: bool = True) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, f"{words}: {done.stderr}"
    return done


class Disk:
    """A small ext4 disk in a file, mounted at a folder."""

    def __init__(self, folder: Path, mebibytes: int = 64) -> None:
        needs_root()
        own_mounts()
        self.folder = folder
        self._image = folder.with_name(f"{folder.name}.img")
        self._ballast = folder / "ballast"
        with self._image.open("wb") as image:
            image.truncate(mebibytes * 1024 * 1024)
        # No room kept for root, who would not notice that the disk is full.
        run("mkfs.ext4", "-q", "-m", "0", self._image)
        folder.mkdir(parents=True, exist_ok=True)
        if run("mount", "-o", "loop", self._image, folder, check=False).returncode != 0:
            pytest.skip("this machine cannot mount a file as a disk")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unmount()
        self._image.unlink()

    def mount(self, *, read_only: bool = False) -> None:
        options = "loop,ro" if read_only else "loop"
        run("mount", "-o", options, self._image, self.folder)

    def unmount(self) -> None:
        run("umount", "--lazy", self.folder, check=False)
        for _ in range(100):  # the image is let go a moment later
            if str(self._image) not in run("losetup", "--all").stdout:
                return
            time.sleep(0.05)

    def fill(self) -> None:
        """Leave no byte free."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (1024 * 1024, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        ballast.write(bytes(size))
            os.fsync(ballast.fileno())

    def free(self) -> None:
        self._ballast.unlink()
        os.sync()

    def cut_power(self) -> None:
        """What the disk was not made to keep is gone, in this very moment. To use it again: unmount, mount."""
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, WITHOUT_FLUSHING)
        finally:
            os.close(handle)


class Calls:
    """System calls of one node that can be made to fail, while it runs (libfiu). Give its environment before it starts."""

    FSYNC = ("posix/io/sync/fsync", "posix/io/sync/fdatasync")
    WRITE = ("posix/io/rw/pwrite", "posix/io/rw/pwrite64")
    READ = ("posix/io/rw/pread", "posix/io/rw/pread64")

    def __init__(self, person: Person, folder: Path) -> None:
        if not (FIU / "fiu_posix_preload.so").is_file():
            pytest.skip(f"libfiu is not there: {HOW}")
        self._person = person
        self._path = folder / f"{person.name}-fiu"
        person.node.env = {
            **(person.node.env or {}),
            "LD_PRELOAD": f"{FIU / 'fiu_run_preload.so'} {FIU / 'fiu_posix_preload.so'}",
            "FIU_CTRL_FIFO": str(self._path),
        }

    @contextlib.contextmanager
    def failing(self, names: tuple[str, ...], code: int = errno.EIO) -> Iterator[None]:
        for name in names:
            self._say(f"enable name={name},failinfo={code}")
        try:
            yield
        finally:
            for name in names:
                self._say(f"disable name={name}")

    def _say(self, command: str) -> None:
        assert self._person.node.process
        pid = self._person.node.process.pid
        with (
            Path(f"{self._path}-{pid}.in").open("w") as to,
            Path(f"{self._path}-{pid}.out").open() as back,
        ):
            to.write(command + "\n")
            to.flush()
            assert back.readline().strip() == "0", command


class WallClock:
    """The real system clock as one node sees it (libfaketime): set at any time, by seconds from the truth."""

    def __init__(self, person: Person, folder: Path) -> None:
        found = sorted(Path("/").glob(FAKETIME[1:]))
        if not found:
            pytest.skip(f"libfaketime is not there: {HOW}")
        self._node = person.node
        self._file = folder / f"{person.name}-clock"
        self._file.write_text("+0")
        person.node.env = {
            **(person.node.env or {}),
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",  # whole seconds; to look each time costs more than the node does
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # as the system: what is set is the clock on the wall
            "FAKETIME_DONT_RESET": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, seconds: int) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}")
        new.replace(self._file)
        if self._node.is_running:
            time.sleep(2.1)  # until it looks again: more than a second, counted in whole ones


def breaking(person: Person, folder: Path, code: str) -> None:
    """Run this before the person's program, from the next start on: how a rule is broken for a positive control."""
    broken = folder / f"{person.name}-broken"
    broken.mkdir(exist_ok=True)
    (broken / "sitecustomize.py").write_text(code)
    env = dict(person.node.env or {})
    env["PYTHONPATH"] = os.pathsep.join([str(broken), env["PYTHONPATH"]])
    person.node.env = env


def integrity(person: Person) -> str:
    """What SQLite says of a stopped node's database."""
    return run(
        sys.executable, "-c",
        "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0])",
        person.node.data / "microsocial.db",
    ).stdout.strip()  # fmt: skip


def empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


class Names:
    """What this machine's names mean, for the processes of this test: a hosts file of their own and no name server."""

    def __init__(self, folder: Path) -> None:
        self._hosts = folder / "hosts"
        self._nobody = folder / "resolv.conf"
        self.forget()
        self._nobody.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")

    def know(self, name: str) -> None:
        self._hosts.write_text(f"127.0.0.1 localhost\n127.0.0.1 {name}\n")

    def forget(self) -> None:
        self._hosts.write_text("127.0.0.1 localhost\n")

    def files(self) -> list[tuple[Path, str]]:
        return [(self._hosts, "/etc/hosts"), (self._nobody, "/etc/resolv.conf")]


@contextlib.contextmanager
def names_in(folder: Path) -> Iterator[Names]:
    needs_root()
    own_mounts()
    names = Names(folder)
    for file, place in names.files():
        run("mount", "--bind", file, place)
    try:
        yield names
    finally:
        for _, place in names.files():
            run("umount", place)


class Cgroup:
    """A bound on the memory of one node and its children, as a small machine or a container has it."""

    ROOT = Path("/sys/fs/cgroup")

    def __init__(self, pid: int) -> None:
        needs_root()
        self._pid = pid
        self._is_old = (self.ROOT / "memory").is_dir()
        self._group = self.ROOT / ("memory" if self._is_old else "") / f"microsocial-test-{pid}"

    def __enter__(self) -> Self:
        try:
            self._group.mkdir()
            if not (self._group / self._limit).exists():
                raise FileNotFoundError(self._limit)
            (self._group / "cgroup.procs").write_text(str(self._pid))
        except OSError as error:
            with contextlib.suppress(OSError):
                self._group.rmdir()
            pytest.skip(f"memory cannot be bounded here: {error}")
        return self

    @property
    def _limit(self) -> str:
        return "memory.limit_in_bytes" if self._is_old else "memory.max"

    def allow(self, mebibytes: int) -> None:
        """So much more than is used now."""
        now = (
            self._group / ("memory.usage_in_bytes" if self._is_old else "memory.current")
        ).read_text()
        resident = int(Path(f"/proc/{self._pid}/statm").read_text().split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
        (self._group / self._limit).write_text(
            str(max(int(now), resident) + mebibytes * 1024 * 1024)
        )

    def allow_all(self) -> None:
        (self._group / self._limit).write_text("-1" if self._is_old else "max")

    def __exit__(self, *_: object) -> None:
        self.allow_all()
        parent = self._group.parent / "cgroup.procs"
        for pid in (self._group / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                parent.write_text(pid)
        for _ in range(50):
            with contextlib.suppress(OSError):
                self._group.rmdir()
                return
            time.sleep(0.05)
