"""Chromium driven through chromedriver's plain HTTP, with the standard library only."""

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]

KEYS = {
    "Enter": "\ue007",
    "Left": "\ue012",
    "Up": "\ue013",
    "Right": "\ue014",
    "Down": "\ue015",
    "Escape": "\ue00c",
    "Shift": "\ue008",
    "Tab": "\ue004",
    "Home": "\ue011",
    "End": "\ue010",
}


LOADED = """return location.href !== 'about:blank' && document.readyState === 'complete'
    && document.querySelector('[aria-busy=true]') === null"""


class Browser:
    """One window. Selectors are CSS; scripts are function bodies with `return`."""

    def __init__(self, address):
        self._address = address

    def blank(self):
        """An empty page, and empty logs."""
        self._send("POST", "/url", {"url": "about:blank"})
        self.requests()
        self.console()

    def open(self, path):
        self.visit(Path(path).resolve().as_uri())

    def visit(self, address):
        """Go there and wait until all is loaded and drawn: the driver may answer earlier under load."""
        self._send("POST", "/url", {"url": address})
        self._wait_until_drawn(address)

    def _wait_until_drawn(self, address):
        for _ in range(600):
            if self.run(LOADED):
                return
            time.sleep(0.05)
        raise TimeoutError(f"{address} was not loaded in 30 s")

    def run(self, script, *arguments):
        return self._send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    @contextmanager
    def inside(self, selector):
        """Everything is asked of a frame, once it is drawn."""
        frame = self._send("POST", "/element", {"using": "css selector", "value": selector})
        self._send("POST", "/frame", {"id": frame})
        self._wait_until_drawn(selector)
        try:
            yield
        finally:
            self._send("POST", "/frame", {"id": None})

    def click(self, selector):
        element = self._send("POST", "/element", {"using": "css selector", "value": selector})
        self._send("POST", f"/element/{next(iter(element.values()))}/click", {})

    def press(self, *keys):
        """Press keys one after another; those joined by a plus together ("Shift+Right")."""
        actions = []
        for key in keys:
            held = [KEYS.get(name, name) for name in key.split("+")]
            actions += [{"type": "keyDown", "value": name} for name in held]
            actions += [{"type": "keyUp", "value": name} for name in reversed(held)]
        self._send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent ?? null", selector)

    def count(self, selector):
        return self.run("return document.querySelectorAll(arguments[0]).length", selector)

    def console(self):
        """What was logged since the last call, errors of the page and of the policy among it."""
        return [entry["message"] for entry in self._send("POST", "/se/log", {"type": "browser"})]

    def requests(self):
        """Addresses that were asked for since the last call, without those that stay in the page."""
        events = [
            json.loads(entry["message"])["message"]
            for entry in self._send("POST", "/se/log", {"type": "performance"})
        ]
        addresses = [
            e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"
        ]
        return [address for address in addresses if not address.startswith("data:")]

    def devtools(self, command, **parameters):
        return self._send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, *, width=1280, height=900, scheme="light"):
        """Set the window's size and what the system prefers."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        self.devtools("Emulation.setDeviceMetricsOverride", **metrics)
        self.devtools(
            "Emulation.setEmulatedMedia",
            features=[{"name": name, "value": value} for name, value in features.items()],
        )

    def screenshot(self, path, *, whole=False):
        shot = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def print(self, path):
        Path(path).write_bytes(base64.b64decode(self._send("POST", "/print", {"background": True})))

    def _send(self, method, path, body=None):
        return _request(method, self._address + path, body)


@contextmanager
def running():
    """A running browser; its profile is new and goes with it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    profile = tempfile.mkdtemp(prefix="cvfail-chromium-")
    driver = subprocess.Popen(
        [DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_ready(address)
        session = _request(
            "POST", address + "/session", {"capabilities": {"alwaysMatch": _capabilities(profile)}}
        )
        yield Browser(f"{address}/session/{session['sessionId']}")
        _request("DELETE", f"{address}/session/{session['sessionId']}")
    finally:
        driver.terminate()
        driver.wait(timeout=10)
        shutil.rmtree(profile, ignore_errors=True)


def _capabilities(profile):
    return {
        "browserName": "chrome",
        "goog:chromeOptions": {"binary": BROWSER, "args": [*FLAGS, f"--user-data-dir={profile}"]},
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    }


def _wait_until_ready(address):
    for _ in range(100):
        try:
            if _request("GET", address + "/status")["ready"]:
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)
    raise TimeoutError("chromedriver did not start")


def _request(method, address, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        with error:
            message = json.load(error)["value"]["message"]
        raise RuntimeError(message) from None
