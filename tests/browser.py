"""A real headless Chromium for the tests, spoken to over its DevTools protocol: `with chromium() as browser: …`."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 120


@dataclass
class Tab:
    """A page as the browser sees it, with everything it complained about and everything it asked for."""

    socket: ClientConnection
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _number: int = 0

    def tell(self, method: str, **params: Any) -> dict[str, Any]:
        """A command, answered."""
        self._number += 1
        self.socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            answer = self._hear()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=SECONDS))
        match message.get("method"):
            case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(message["params"])[:500])
            case "Log.entryAdded":
                self.complaints.append(message["params"]["entry"]["text"])
            case "Page.javascriptDialogOpening":
                self.complaints.append(f"dialog: {message['params']['message']}")
            case "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            case _:
                pass
        return message

    def open(self, path: Path, *, width: int = 1200, height: int = 900, dark: bool = False, phone: bool = False) -> None:
        """Show a file, and wait until it is there."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.tell(f"{domain}.enable")
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.tell("Emulation.setEmulatedMedia", features=scheme)
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone)
        self.tell("Page.navigate", url=path.resolve().as_uri())
        while self._hear().get("method") != "Page.loadEventFired":
            pass

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.tell("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, target: Path, selector: str | None = None, height: int | None = None) -> None:
        """A PNG of an element, or of the whole page down to `height`."""
        box = self.ask(
            f"(() => {{ const r = document.querySelector({json.dumps(selector or 'html')}).getBoundingClientRect();"
            " return [r.x + scrollX, r.y + scrollY, r.width, r.height] })()"
        )
        clip = {"x": box[0], "y": box[1], "width": box[2], "height": min(box[3], height or box[3]), "scale": 1}
        shot = self.tell("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        target.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self.tell("Page.printToPDF", printBackground=True)["data"])


@contextmanager
def chromium() -> Iterator[Tab]:
    """A browser with one empty tab; the test is skipped where there is none."""
    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium): the report is not looked at in a real browser")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        command = [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
            "--disable-background-networking", "--remote-debugging-port=0", f"--user-data-dir={home}", "about:blank",
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": home}) as process:
            try:
                port = _port(Path(home), process)
                with connect(_tab(port), max_size=None, open_timeout=SECONDS, proxy=None) as socket:
                    yield Tab(socket)
            finally:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


def _port(home: Path, process: subprocess.Popen[bytes]) -> int:
    told = home / "DevToolsActivePort"
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if told.is_file() and (text := told.read_text()).strip():
            return int(text.split()[0])
        time.sleep(0.05)
    pytest.skip(f"Chromium does not start here (exit {process.poll()}): the report is not looked at in a real browser")


def _tab(port: int) -> str:
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/json/list", timeout=SECONDS) as answer:
        tabs = json.loads(answer.read())
    address: str = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
    return address
