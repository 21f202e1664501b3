"""The program as a person starts it: real processes, real sockets."""

import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from microsocial.cli.children import free_port

PASSWORD = "correct horse battery"


class Program:
    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "microsocial.cli.main", "run"),
                *("--data", str(self.folder), "--port", str(self.port)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self

    def said_first(self):
        """What it prints until it is ready."""
        said = ""
        for line in self.process.stdout:
            said += line
            if "Ctrl+C" in line:
                break
        return said

    def end(self, sign=signal.SIGTERM):
        """Send the signal; give (exit code, seconds, what it said on standard error)."""
        begin = time.monotonic()
        self.process.send_signal(sign)
        _, complaints = self.process.communicate(timeout=30)
        return self.process.returncode, time.monotonic() - begin, complaints


@pytest.fixture
def program(tmp_path):
    program = Program(tmp_path / "data", free_port())
    yield program
    if program.process and program.process.poll() is None:
        program.process.kill()
        program.process.communicate()


def set_up(program, said):
    token = re.search(r"#setup=(\S+)", said)[1]
    asked = {"token": token, "name": "Ana", "password": PASSWORD}
    answer = httpx.post(f"{program.url}/api/v1/setup", json=asked)
    assert answer.status_code == 200, answer.text
    return answer


def test_the_first_start_prints_the_address_and_a_setup_link_that_works_without_a_restart(program):
    said = program.start().said_first()
    assert f"http://localhost:{program.port}/app/" in said
    new = set_up(program, said)
    me = httpx.get(f"{program.url}/api/v1/me", cookies=new.cookies)
    assert me.json()["name"] == "Ana"
    known = httpx.get(f"{program.url}/.well-known/microsocial").json()
    assert known["id"] == new.json()["id"]
    code, seconds, complaints = program.end()
    assert (code, complaints) == (0, "")
    assert seconds < 10
    again = program.start().said_first()
    assert "setup=" not in again
    assert httpx.get(f"{program.url}/api/v1/session").json()["state"] == "locked"


def test_it_stops_soon_whoever_still_hangs_on(program):
    said = program.start().said_first()
    new = set_up(program, said)
    cookies = "; ".join(f"{name}={value}" for name, value in new.cookies.items())
    hanging = []
    for request in (
        f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",  # and keeps the connection
        "GET /healthz HTTP/1.1\r\nHost: x\r\n",  # never finishes asking
        "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    ):
        connection = socket.create_connection(("127.0.0.1", program.port))
        connection.sendall(request.encode())
        hanging.append(connection)
    assert hanging[0].recv(10).startswith(b"HTTP/1.1")
    code, seconds, complaints = program.end()
    assert (code, complaints) == (0, "")
    assert seconds < 15
    for connection in hanging:
        connection.close()


def test_ctrl_c_is_a_clean_end_too(program):
    program.start().said_first()
    code, _, complaints = program.end(signal.SIGINT)
    assert (code, complaints) == (0, "")
    assert not (program.folder / "node.json").exists()


def test_after_a_power_cut_it_starts_again_as_if_nothing_happened(program):
    new = set_up(program, program.start().said_first())
    program.end(signal.SIGKILL)
    program.start().said_first()
    assert httpx.get(f"{program.url}/api/v1/me", cookies=new.cookies).json()["name"] == "Ana"


def test_a_busy_port_is_one_plain_sentence(program):
    with socket.create_server(("127.0.0.1", program.port)):
        program.start()
        _, complaints = program.process.communicate(timeout=60)
    assert program.process.returncode == 1
    assert len(complaints.strip().splitlines()) == 1
    assert str(program.port) in complaints


def test_a_folder_in_use_is_one_plain_sentence(program):
    program.start().said_first()
    other = Program(program.folder, free_port()).start()
    _, complaints = other.process.communicate(timeout=60)
    assert other.process.returncode == 1
    assert len(complaints.strip().splitlines()) == 1
