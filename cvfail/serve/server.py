"""The server: HTTP on 127.0.0.1, reading only, for whoever has the token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from cvfail.errors import CvfailError, MissingFileError
from cvfail.serve.access import TOKEN_HEADER, Access, Asked
from cvfail.serve.application import Application, Response, json_response

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation

ADDRESS = "127.0.0.1"
_MOST_FIELDS = 20
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


class Server(ThreadingHTTPServer):
    """Listens on this machine only; `start` begins to answer.

    Attributes:
        access: Who may ask.
        url: The address to open, with the token.
    """

    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, port: int = 0) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.access = Access(self.server_port)
        self.url = f"http://{ADDRESS}:{self.server_port}/?token={self.access.token}"
        self.application: Application | None = None


class _Handler(BaseHTTPRequestHandler):
    """One connection; every method is judged by `Access` before anything is looked up."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "cvfail", ""
    timeout = 60
    server: Server

    def _answer(self) -> None:
        address = urlsplit(self.path)
        refused = None
        try:
            given = dict(parse_qsl(address.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        except ValueError:
            given = {}
        token = self.headers.get(TOKEN_HEADER, given.pop("token", None))
        refused = self.server.access.refusal(
            Asked(
                self.command,
                self.headers.get("Host"),
                self.headers.get("Origin"),
                self.headers.get("Sec-Fetch-Site"),
                token,
            )
        )
        if refused is not None:
            self.close_connection = True
            self._send(json_response({"error": refused[1]}, refused[0]))
            return
        self._send(self._response(address.path, given))

    def _response(self, path: str, given: dict[str, str]) -> Response:
        if self.server.application is None:
            return json_response({"error": "not ready yet"}, HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            return self.server.application.respond(path, given)
        except Exception as error:  # noqa: BLE001 - a fault ends one answer and not the server
            problem = f"cvfail failed: {type(error).__name__}: {error}"
            return json_response({"error": problem}, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _send(self, response: Response) -> None:
        headers = {
            "Content-Type": response.content_type,
            "Content-Length": str(len(response.body)),
            "Content-Security-Policy": response.policy,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        if response.status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = "GET"
        if self.close_connection:
            headers["Connection"] = "close"
        try:
            self.send_response(response.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing is logged: addresses carry the token."""


for _method in _METHODS:  # all are refused but GET, in our words
    setattr(_Handler, f"do_{_method}", _Handler._answer)


@contextmanager
def serving(
    evaluation: Evaluation,
    *,
    images: str | Path | None = None,
    title: str | None = None,
    port: int = 0,
    timeout: float = 30.0,
) -> Iterator[Server]:
    """Serve the report of an evaluation, with SQL and galleries of all rows, until it is left.

    Args:
        evaluation: What is looked at, at the operating point of its policy.
        images: Folder of the image files; without it examples are drawn on empty frames.
        title: Heading; made from the names of the input files if not given.
        port: On 127.0.0.1; a free one if 0.
        timeout: Seconds after which a query is stopped.

    Yields:
        The server, which answers from threads of its own; its `url` is the address to open.

    Raises:
        MissingFileError: The folder of images does not exist.
        MissingDependencyError: Jinja2 is not installed.
        CvfailError: The port is taken.
    """
    folder = None if images is None else Path(images)
    if folder is not None and not folder.is_dir():
        raise MissingFileError(f"{folder}: no such folder of images. Hint: leave it out for empty frames")
    try:
        server = Server(port)
    except OSError as error:
        raise CvfailError(f"port {port}: {error.strerror}. Hint: leave --port out for a free one") from error
    with server:
        application = Application(
            evaluation, token=server.access.token, images=folder, title=title, timeout=timeout
        )
        server.application = application
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        Thread(target=_prepare, args=(application,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
            application.close()


def _prepare(application: Application) -> None:
    """Prepare the tables; what goes wrong with one is told to whoever asks for it."""
    import duckdb

    try:
        application.prepare()
    except (CvfailError, duckdb.Error, OSError):
        return
