"""What the questions are put to: a saved run, two COCO files, or a folder of Parquet tables."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from cyclopts import Group, Parameter

from cvfail.cli.messages import Messages
from cvfail.cli.policy import DEFAULT_OPTIONS, PolicyOptions
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation
    from cvfail.tables.dataset import Dataset

INPUT = Group("Input", sort_key=1)

Task = Literal["detection", "classification"]
BoxFormat = Literal["xywh", "xyxy", "cxcywh"]
OnInvalid = Literal["raise", "drop"]


@Parameter(name="*", group=INPUT)
@dataclass(frozen=True)
class Inputs:
    """A saved run, or what to read and match.

    Attributes:
        run: Folder that `cvfail evaluate -o RUN` saved; nothing is matched again.
        gt: Ground truth, a COCO instances file.
        pred: Predictions, a COCO results file, or Parquet with the same columns.
        data: Folder with ground_truth.parquet, predictions.parquet and, where there are such, images.parquet
            and categories.parquet.
        task: What the tables of --data hold.
        box_format: What the four numbers of a box in --data are.
        ignore: Ground-truth column that says, with 1 or true, which objects count neither for nor against the
            model; "none" ignores nothing.
        join: Tables of attributes: .parquet, .csv, .json or .jsonl with image_id, file_name, ground_truth_id
            or prediction_id. RUN, if any, comes before.
        on_invalid: Refuse input with records that break a rule, or drop those records.
        options: How to match.
    """

    run: Path | None = None
    _: KW_ONLY
    gt: Annotated[Path | None, Parameter(metavar="FILE")] = None
    pred: Annotated[Path | None, Parameter(metavar="FILE")] = None
    data: Annotated[Path | None, Parameter(metavar="FOLDER")] = None
    task: Annotated[Task | None, Parameter(show_default="detection")] = None
    box_format: Annotated[BoxFormat | None, Parameter(show_default="xywh")] = None
    ignore: Annotated[
        str | None, Parameter(metavar="COLUMN", show_default='"ignore" of --gt, if it is there')
    ] = None
    join: Annotated[
        tuple[Path, ...], Parameter(consume_multiple=(1, None), metavar="FILE", show_default=False)
    ] = ()
    on_invalid: Annotated[OnInvalid | None, Parameter(show_default="raise")] = None
    options: PolicyOptions = DEFAULT_OPTIONS

    def evaluation(self, messages: Messages) -> Evaluation:
        """Open the run, or read the files and match.

        Raises:
            PolicyError: The options contradict each other or have no meaning.
            MissingFileError, FormatError, SchemaError: The input is not what it should be.
        """
        match self.run, self.gt, self.pred, self.data:
            case Path() as run, None, None, None:
                return self._opened(run)
            case None, Path() as gt, Path() as pred, None:
                return self._matched(partial(self._coco, gt, pred), messages)
            case None, None, None, Path() as folder:
                return self._matched(partial(self._parquet, folder), messages)
            case _:
                raise PolicyError("name one input: a saved RUN, --gt FILE with --pred FILE, or --data FOLDER")

    def streamed(self, messages: Messages, *, folder: Path, memory: str) -> Evaluation:
        """Match tables that need not fit in memory, into a folder.

        Raises:
            PolicyError: The input is not a folder of tables of boxes, or an option cannot be followed.
            MissingFileError, FormatError, SchemaError: The input is not what it should be.
        """
        from cvfail.evaluation import evaluate
        from cvfail.io.parquet_scan import scan_parquet

        if self.data is None or self.run or self.gt or self.pred:
            raise PolicyError(
                "--memory is for --data FOLDER alone. Hint: leave it out, or make Parquet tables"
            )
        refused = self._given("on_invalid") | ({"join": self.join} if self.join else {})
        refused |= {"task": self.task} if self.task == "classification" else {}
        _refuse(refused, "tables that are streamed are taken as they are. Hint: prepare them, or no --memory")
        scan = scan_parquet(self.data, **self._given("box_format", "ignore"))
        with messages.bar() as progress:
            return read_aloud(
                lambda: evaluate(
                    scan, self.options.policy(), folder=folder, memory=memory, progress=progress
                ),
                messages,
            )

    def _opened(self, run: Path) -> Evaluation:
        """The saved evaluation, its operating point moved to where the options say."""
        from cvfail.evaluation import open_evaluation
        from cvfail.io.files import existing

        if existing(run).is_file():
            raise PolicyError(f"{run} is a file, not a saved run. Hint: --gt FILE --pred FILE")
        given = self._given("task", "box_format", "ignore", "on_invalid") | self.options.match
        given |= {"join": self.join} if self.join else {}
        _refuse(given, f"{run} was read and matched when it was saved. Hint: evaluate the files again")
        return open_evaluation(run).at(**self.options.point)

    def _matched(self, read: Callable[[], Dataset], messages: Messages) -> Evaluation:
        from cvfail.evaluation import evaluate

        policy = self.options.policy()
        with messages.step("reading ground truth and predictions", kernels=False):
            data = read_aloud(lambda: self._joined(read()), messages)
        if not data.rejected.is_empty():
            dropped = data.rejected.select("table", "record").n_unique()
            messages.say(f"dropped {dropped} record{'s' * (dropped > 1)}; --on-invalid raise says why")
        with messages.step(f"matching {len(data.predictions):,} predictions"):
            return evaluate(data, policy)

    def _joined(self, data: Dataset) -> Dataset:
        """The dataset with the columns of the tables that are to be joined."""
        from cvfail.attributes.joining import key_of, with_attributes

        for path in self.join:
            data = with_attributes(data, path, on=key_of(path))
        return data

    def _coco(self, ground_truth: Path, predictions: Path) -> Dataset:
        from cvfail.io.coco import read_coco

        _refuse(self._given("task", "box_format"), "COCO files hold boxes as xywh. Hint: use --data")
        return read_coco(ground_truth, predictions, **self._given("ignore", "on_invalid"))

    def _parquet(self, folder: Path) -> Dataset:
        from cvfail.io.parquet import read_parquet

        return read_parquet(folder, **self._given("task", "box_format", "ignore", "on_invalid"))

    def _given(self, *names: str) -> dict[str, Any]:
        """The options for a reader that were given; the reader knows its own defaults."""
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        return given | {"ignore": None} if given.get("ignore") == "none" else given


DEFAULT_INPUTS = Inputs()


Answer = TypeVar("Answer")


def read_aloud(read: Callable[[], Answer], messages: Messages) -> Answer:
    """Read, and say plainly what the reader warns of."""
    from cvfail.tables.suspicions import InputWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        data = read()
    for warning in caught:
        messages.say(f"warning: {warning.message}")
    return data


def _refuse(options: dict[str, Any], reason: str) -> None:
    """Refuse options that nothing would listen to."""
    if options:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in options)
        raise PolicyError(f"{names} cannot be applied: {reason}")
