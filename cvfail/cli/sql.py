"""``cvfail sql``: any question, as one SELECT."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.errors import QueryError


def sql(
    query: Annotated[str, Parameter(allow_leading_hyphen=True)],
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Answer one SELECT over an evaluation, read-only.

    It is answered by DuckDB. Tables: images, categories, ground_truth, predictions (with their outcomes at the
    operating point), pairs, cells. Views: true_positives, false_positives, false_negatives, confusions,
    confusion_matrix. Analyses, made where the query reads them: failure_modes, causes,
    interventions, label_errors, error_types, score_curve, operating_points, calibration, reliability.

    Args:
        query: One SELECT; "-" reads it from stdin.
        inputs: What the question is put to.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    if Path(query).is_dir():
        raise QueryError(f"the query comes before the run. Hint: cvfail sql 'SELECT ...' {query}")
    evaluation = inputs.evaluation(messages)
    text = sys.stdin.read() if query == "-" else query
    with messages.step("asking DuckDB"):
        answer = evaluation.sql(text)
    output.write(answer, messages, caption=evaluation.evidence.describe())
