"""The server answers this machine, its own page, and whoever has the token; everybody else is refused."""

import socket

import pytest

METHODS = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
PATHS = ["/", "/rows", "/examples", "/tables", "/filter", "/picture/3", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", [None, "", "wrong", "ö"])
def test_without_the_token_nothing_is_told(ask, path, token):
    given = {} if token is None else {"token": token}
    answer = ask(path, with_token=False, **given)
    assert answer.status == 403
    assert set(answer.json) == {"error"}


def test_the_token_is_taken_from_the_address_or_the_header(ask, server):
    assert ask("/", with_token=False, token_in="x").status == 403
    assert ask("/tables").status == 200
    assert ask(f"/tables?token={server.access.token}", with_token=False).status == 200
    assert server.url == f"http://127.0.0.1:{server.server_port}/?token={server.access.token}"
    assert len(server.access.token) >= 40


def test_every_server_has_a_token_of_its_own():
    from cvfail.serve.access import Access

    assert len({Access(1).token for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "host", ["example.com", "127.0.0.1", "localhost:1", "127.0.0.1.example.com:{port}", "[::1]:{port}", ""]
)
def test_another_host_is_refused_although_the_token_is_right(ask, server, host):
    named = host.format(port=server.server_port)
    assert ask("/tables", headers={"Host": named}).status == 421


def test_localhost_is_this_host(ask, server):
    assert ask("/tables", headers={"Host": f"localhost:{server.server_port}"}).status == 200


@pytest.mark.parametrize(
    "origin", ["http://example.com", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1"]
)
def test_a_page_from_elsewhere_is_refused(ask, server, origin):
    assert ask("/tables", headers={"Origin": origin.format(port=server.server_port)}).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_browser_calls_another_site_is_refused(ask, site):
    assert ask("/picture/3", headers={"Sec-Fetch-Site": site}).status == 403
    assert ask("/tables", headers={"Sec-Fetch-Site": "same-origin"}).status == 200


@pytest.mark.parametrize("method", METHODS)
def test_nothing_can_be_written(ask, method):
    answer = ask("/rows", method=method, body="sql=SELECT+1")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")


def test_it_listens_on_this_machine_only(server):
    assert server.socket.getsockname()[0] == "127.0.0.1"
    with socket.socket() as other:
        other.settimeout(5)
        with pytest.raises(OSError, match=r"refused|timed out|unreachable"):
            other.connect(("127.0.0.2", server.server_port))


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_closed_to_frames_caches_and_guesses(ask, path):
    headers = ask(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert not {"Set-Cookie", "Access-Control-Allow-Origin"} & set(headers)


def test_a_taken_port_is_said(server, evaluation):
    from cvfail.errors import CvfailError
    from cvfail.serve.server import serving

    with (
        pytest.raises(CvfailError, match=f"port {server.server_port}"),
        serving(evaluation, port=server.server_port),
    ):
        pass
