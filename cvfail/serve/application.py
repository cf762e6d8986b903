"""What is answered to which address; how it travels is `cvfail.serve.server`'s."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvfail.errors import CvfailError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.query.session import Session
from cvfail.serve.examples import can_be_shown, shown
from cvfail.serve.filtered import FILTERED, filtered
from cvfail.serve.page import served_page, served_summary
from cvfail.serve.pictures import Pictures, read_window
from cvfail.serve.rows import Rows, as_json

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation

_CLOSED = "default-src 'none'; frame-ancestors 'none'; sandbox"
_JSON = "application/json; charset=utf-8"
_PAGE_ROWS = 50
_PAGE_EXAMPLES = 24


@dataclass(frozen=True)
class Response:
    """What is sent back."""

    status: HTTPStatus
    content_type: str
    body: bytes
    policy: str = _CLOSED


def json_response(value: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """An answer in JSON; numbers in it are finite."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str)
    return Response(status, _JSON, body.encode("utf-8", "replace"))


class Application:
    """The page, and what it asks for. Left, it lets go of its database.

    Args:
        evaluation: What is looked at, at the operating point of its policy.
        token: What addresses of pictures carry.
        images: Folder of the image files; without it examples are drawn on empty frames.
        title: Heading of the page.
        timeout: Seconds after which a query is stopped.

    Raises:
        MissingDependencyError: Jinja2 is not installed.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        *,
        token: str,
        images: Path | None = None,
        title: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        self._token = token
        analyses = evaluation.analyses()
        self._point: OperatingPoint = analyses.point
        self._pictures = Pictures(images, evaluation.images)
        summary = served_summary(evaluation, self._pictures, token, title=title)
        self._page, self._policy = served_page(summary)
        self._session = Session(self._point, made=analyses.tables)
        self._rows = Rows(self._session, timeout=timeout)
        self._routes: dict[str, Callable[[Mapping[str, str]], Response]] = {
            "/": self._answer_page,
            "/tables": self._answer_tables,
            "/rows": self._answer_rows,
            "/examples": self._answer_examples,
            "/filter": self._answer_filter,
        }

    def close(self) -> None:
        """Let go of the database."""
        self._session.close()

    def prepare(self) -> None:
        """Prepare the tables before somebody waits for them."""
        self._session.query("SELECT 1 AS one")

    def respond(self, path: str, given: Mapping[str, str]) -> Response:
        """Answer an address that may be asked; what is wrong with a question is in the answer."""
        try:
            if path.startswith("/picture/"):
                return self._answer_picture(path.removeprefix("/picture/"), given)
            if path in self._routes:
                return self._routes[path](given)
        except (CvfailError, ValueError) as error:
            return json_response({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        return json_response({"error": "there is nothing here"}, HTTPStatus.NOT_FOUND)

    def _answer_page(self, given: Mapping[str, str]) -> Response:
        policy = f"{self._policy}; frame-ancestors 'none'"
        return Response(HTTPStatus.OK, "text/html; charset=utf-8", self._page, policy)

    def _answer_tables(self, given: Mapping[str, str]) -> Response:
        """Tables and views with their columns; of analyses only those that are there, so that none is made."""
        listed = self._session.query(
            "SELECT table_name AS name, list(column_name ORDER BY column_index) AS columns "
            "FROM duckdb_columns() WHERE NOT internal GROUP BY ALL ORDER BY ALL"
        )
        known = dict(listed.iter_rows())
        tables = [{"name": name, "columns": known.get(name, [])} for name in self._session.names]
        return json_response({"tables": tables, "filtered": list(FILTERED)})

    def _answer_rows(self, given: Mapping[str, str]) -> Response:
        page = self._page_of(given, _PAGE_ROWS)
        shows = can_be_shown(page.rows.columns)
        return json_response({**as_json(page), "gallery": shows})

    def _answer_examples(self, given: Mapping[str, str]) -> Response:
        page = self._page_of(given, _PAGE_EXAMPLES)
        laid_out = shown(self._point, page.rows, self._pictures, self._token)
        return json_response({"total": page.total, "first": page.first, "rows": page.rows.height, **laid_out})

    def _page_of(self, given: Mapping[str, str], most: int) -> Any:  # noqa: ANN401
        first, most = int(given.get("first", "0")), int(given.get("most", str(most)))
        return self._rows.page(given.get("sql", ""), first=first, most=most)

    def _answer_filter(self, given: Mapping[str, str]) -> Response:
        sql = filtered(self._session, given.get("table", ""), given.get("where", ""))
        return json_response({"sql": sql})

    def _answer_picture(self, number: str, given: Mapping[str, str]) -> Response:
        window = read_window(given["window"]) if "window" in given else None
        code = int(number) if number.isascii() and number.isdigit() else -1
        made = self._pictures.picture(code, window)
        if made is None:
            return json_response({"error": "there is no such picture"}, HTTPStatus.NOT_FOUND)
        return Response(HTTPStatus.OK, "image/jpeg", made)
