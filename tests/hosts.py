"""Hosts of our own on one machine: network namespaces joined by a bridge, each with its own loopback, processes and view of the disk.

    python -m tests.hosts relay 127.0.0.1:8000 10.231.0.2:8000 [LOG]    # what comes here goes there; LOG: who connected, a line each
    python -m tests.hosts site 8000 ARTICLES LOG                        # the sample newsroom on loopback; LOG: when it was asked for what

The relay is what lets a newsroom on another host be asked at a loopback address: the guard of addresses lets no private one pass, and
must not. Everything stays inside the namespaces; the root one has no part in it.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable


class NoHosts(Exception):
    """They cannot be made here; says why."""


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoHosts(f"ip {' '.join(words)}: {done.stderr.strip()}")


@dataclass
class Host:
    """A network namespace with an address."""

    name: str
    address: str
    link: str
    """Its end in the first host's namespace, where the bridge is."""
    bridge: str
    logs: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def command(self, words: list[str], hidden: Path | None = None) -> list[str]:
        """The same command inside; `hidden` is a directory it sees as an empty one that cannot be written."""
        inside = ["ip", "netns", "exec", self.name]
        if hidden is None:
            return [*inside, *words]
        mount = f"mount -t tmpfs -o ro hidden {shlex.quote(str(hidden))} && exec {shlex.join(words)}"
        return [*inside, "sh", "-c", mount]  # ip gives each its own view of mounts

    def start(self, name: str, words: list[str], *, env: Mapping[str, str] | None = None, hidden: Path | None = None) -> None:
        """A process that ends with the host."""
        log = self.logs / f"{self.name}-{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self.command(words, hidden), stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True,
                cwd=self.logs, env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
            )  # fmt: skip
        self.processes.append(process)

    def relay(self, port: int, to: str, *, listen: str = "127.0.0.1", log: Path | None = None) -> None:
        """What comes to a port here goes to an address elsewhere."""
        self.start(f"relay-{listen}", [PYTHON, "-m", "tests.hosts", "relay", f"{listen}:{port}", to, *([str(log)] if log else [])])

    def die(self) -> None:
        """As a host dies: from one moment to the next no packet comes from it, no farewell either; then its processes are gone."""
        _ip("-n", self.bridge, "link", "set", self.link, "down")
        self.kill()

    def kill(self) -> None:
        """End what was started here."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def hosts(count: int, logs: Path) -> Iterator[list[Host]]:
    """So many hosts, 10.231.0.1 and on; the first has the bridge. Raises `NoHosts` where they cannot be made."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        raise NoHosts("network namespaces are made by root, on Linux")
    made: list[Host] = []
    names = [f"news{os.getpid()}-{n}" for n in range(count)]
    with ExitStack() as stack:
        for n, name in enumerate(names):
            try:
                _ip("netns", "add", name)
            except FileNotFoundError:
                raise NoHosts("there is no command `ip` (iproute2)") from None
            stack.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
            host = Host(name, f"10.231.0.{n + 1}", f"to{n}", names[0], logs)
            stack.callback(host.kill)
            made.append(host)
            _ip("-n", name, "link", "set", "lo", "up")
            if n == 0:
                _ip("-n", name, "link", "add", "bridge", "type", "bridge")
                inner = "bridge"
            else:
                _ip("link", "add", host.link, "netns", names[0], "type", "veth", "peer", "name", "eth0", "netns", name)
                _ip("-n", names[0], "link", "set", host.link, "master", "bridge", "up")
                inner = "eth0"
            _ip("-n", name, "addr", "add", f"{host.address}/24", "dev", inner)
            _ip("-n", name, "link", "set", inner, "up")
        yield made


# --- what runs inside


async def _relay(listen: str, to: str, log: Path | None) -> None:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if log is not None:
            with log.open("a", encoding="utf-8") as lines:
                lines.write(f"{writer.get_extra_info('peername')[0]}\n")
        host, _, port = to.rpartition(":")
        try:
            there, back = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, back), pump(there, writer))

    host, _, port = listen.rpartition(":")
    async with await asyncio.start_server(connected, host, int(port)) as server:
        await server.serve_forever()


def _site(port: int, articles: int, log: Path) -> None:
    from newsroom.sample import SampleSite, serve

    with serve(SampleSite(articles), port) as server, log.open("a", encoding="utf-8") as lines:
        told = 0
        while True:
            time.sleep(0.05)
            new = server.log[told:]
            told += len(new)
            lines.writelines(f"{one.at!r} {one.path}\n" for one in new)
            lines.flush()


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "relay":
        asyncio.run(_relay(rest[0], rest[1], Path(rest[2]) if rest[2:] else None))
    else:
        _site(int(rest[0]), int(rest[1]), Path(rest[2]))
