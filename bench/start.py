"""How long does a start take, and how much memory does an idle node hold?"""

import json
import os
import time
from pathlib import Path

from tests.support.nodes import Person, befriend, people

STARTS = 5


def ask() -> list[str]:
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        for number in range(20):
            ana.api.post("/posts", {"text": f"post {number}", "audience": {"class": "friends"}})
        ben.wait_for(lambda: len(ben.texts()) == 20)
        seconds, processor = [], []
        for _ in range(STARTS):
            ana.stop()
            began = time.perf_counter()
            ana.start()
            seconds.append(time.perf_counter() - began)
            processor.append(processor_seconds(ana))
        time.sleep(3)
        held = memory_mib(ana)
    seconds.sort()
    return [
        (
            f"- start to the first answer: {seconds[0]:.2f} s at best, median {seconds[STARTS // 2]:.2f} s; "
            f"{min(processor):.2f} s of it the processor's (the very first start compiles the program, once, and takes twice that)"
        ),
        (
            f"- idle memory after a start: {held['VmRSS']:.0f} MiB resident, {held['RssAnon']:.0f} MiB of it its own "
            "(the rest is program files, which the system shares and can drop)"
        ),
    ]


def pid_of(person: Person) -> int:
    pid: int = json.loads((person.node.data / "node.json").read_text())["pid"]
    return pid


def processor_seconds(person: Person) -> float:
    stat = Path(f"/proc/{pid_of(person)}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(person: Person) -> dict[str, float]:
    status = Path(f"/proc/{pid_of(person)}/status").read_text()
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return {name: int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon")}
