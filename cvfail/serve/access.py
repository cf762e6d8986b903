"""Who may ask: this machine, the page itself, and whoever has the token."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from http import HTTPStatus

_LOCAL_NAMES = ("127.0.0.1", "localhost")

TOKEN_HEADER = "X-Cvfail-Token"


@dataclass(frozen=True)
class Asked:
    """What of a request decides whether it is answered; None where it was not said.

    Attributes:
        method: ``GET``.
        host: The Host header.
        origin: The Origin header: the page that asks, if a browser says so.
        site: The Sec-Fetch-Site header, in which browsers say whether that page is ours.
        token: From the header or the address.
    """

    method: str
    host: str | None
    origin: str | None = None
    site: str | None = None
    token: str | None = None


@dataclass(frozen=True)
class Access:
    """The rules, all of which must hold.

    There is no cookie, so that a browser never sends on its own what opens this server.

    Attributes:
        port: Of the server.
        token: New for every server.
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def refusal(self, asked: Asked) -> tuple[HTTPStatus, str] | None:
        """Why a request is refused; None if it is not.

        A host of another name means that a page elsewhere made a name of its own point here.
        """
        hosts = {f"{name}:{self.port}" for name in _LOCAL_NAMES}
        if asked.host not in hosts:
            return HTTPStatus.MISDIRECTED_REQUEST, "this server answers to 127.0.0.1 only"
        if asked.origin is not None and asked.origin not in {f"http://{host}" for host in hosts}:
            return HTTPStatus.FORBIDDEN, "another page may not ask"
        if asked.site not in {None, "same-origin", "none"}:
            return HTTPStatus.FORBIDDEN, "another page may not ask"
        if not self._is_token(asked.token):
            return (
                HTTPStatus.FORBIDDEN,
                "the token is missing or wrong: open the address that cvfail serve printed",
            )
        if asked.method != "GET":
            return HTTPStatus.METHOD_NOT_ALLOWED, "nothing can be written: GET only"
        return None

    def _is_token(self, given: str | None) -> bool:
        return given is not None and secrets.compare_digest(given.encode(), self.token.encode())
