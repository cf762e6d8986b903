"""A running server over the small evaluation of the report's tests, and plain HTTP to ask it."""

import http.client
import json
import urllib.parse
from typing import NamedTuple

import pytest

from tests.report.conftest import browser, evaluation, image_folder, running_browser

__all__ = ["browser", "evaluation", "image_folder", "running_browser"]


class Answer(NamedTuple):
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """Asks a server as a program does: without a browser, with the token unless told otherwise."""

    def __init__(self, server):
        self.server = server

    def __call__(self, path, *, method="GET", headers=None, with_token=True, body=None, **given):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=60)
        address = path + (f"?{urllib.parse.urlencode(given)}" if given else "")
        own = {"X-Cvfail-Token": self.server.access.token} if with_token else {}
        try:
            connection.request(method, address, body=body, headers=own | (headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()


@pytest.fixture(scope="session")
def server(evaluation, image_folder):
    pytest.importorskip("jinja2")
    from cvfail.serve.server import serving

    with serving(evaluation, images=image_folder, title="Served", timeout=1.0) as server:
        yield server


@pytest.fixture(scope="session")
def ask(server):
    return Client(server)
