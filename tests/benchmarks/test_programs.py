"""cvfail's programs answer alike whatever they read, and as the reference does."""

import polars as pl
import pytest

import cvfail as cf
from benchmarks.comparison import TOLERANCE
from benchmarks.datasets import Recipe, write_dataset
from benchmarks.programs import cvfail as programs
from benchmarks.programs.answer import Answer
from benchmarks.programs.slices import ATTRIBUTES, image_slices
from cvfail.evidence import streaming


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("programs") / "S", Recipe(150, json=True))


def test_the_twelve_numbers_do_not_depend_on_how_the_tables_are_read(folder):
    numbers = programs.summary_from_json(folder).numbers
    assert len(numbers) == 12
    assert 0.1 < numbers[0] < 0.9
    assert programs.summary_from_parquet(folder).numbers == numbers
    assert programs.summary_of_loaded(folder).numbers == numbers
    assert programs.outcomes_saved(folder).numbers == numbers
    assert programs.summary_out_of_core(folder).numbers == numbers


def test_the_twelve_numbers_are_those_of_the_reference(folder, capsys):
    from benchmarks.programs.pycocotools import summary_from_json

    expected = summary_from_json(folder).numbers
    assert programs.summary_from_json(folder).numbers == pytest.approx(expected, rel=0, abs=TOLERANCE)


def test_only_tasks_on_loaded_data_time_a_part_of_themselves(folder):
    assert programs.summary_from_parquet(folder).seconds is None
    assert programs.summary_of_loaded(folder).seconds > 0


def test_slices_are_those_of_the_images_one_by_one(folder):
    data = cf.read_parquet(folder)
    expected = []
    for ids in image_slices(folder).values():
        tables = {name: data.frame(name) for name in ("images", "ground_truth", "predictions")}
        kept = {name: frame.filter(pl.col("image_id").is_in(ids)) for name, frame in tables.items()}
        part = cf.from_frames(**kept, categories=data.categories, columns=None, box_format="xywh")
        expected.append(cf.evaluate(part).coco_summary(replicates=0).df["estimate"][0])
    assert len(expected) > 2 * len(ATTRIBUTES)
    assert programs.precision_of_slices(folder).numbers == pytest.approx(expected, rel=0, abs=TOLERANCE)


def test_a_streamed_evaluation_is_made_anew_and_not_from_what_a_stopped_run_left(tmp_path, monkeypatch):
    folder = write_dataset(tmp_path / "S", Recipe(20))
    write, written = streaming._write_block, []

    def stopped(*args):
        write(*args)
        raise KeyboardInterrupt

    def counted(*args):
        written.append(args[1])
        return write(*args)

    monkeypatch.setattr(streaming, "_write_block", stopped)
    with pytest.raises(KeyboardInterrupt):
        programs.summary_out_of_core(folder)
    monkeypatch.setattr(streaming, "_write_block", counted)
    programs.summary_out_of_core(folder)
    programs.summary_out_of_core(folder)
    assert written == [0, 0]


def test_questions_are_put_to_the_evaluation_that_was_streamed(folder):
    programs.summary_out_of_core(folder)
    recalls = programs.questions_out_of_core(folder).numbers
    expected = cf.evaluate(cf.read_parquet(folder)).metrics(by="time_of_day", score=0.4).df["recall"]
    assert recalls == expected.to_list()


def test_undefined_numbers_are_minus_one_as_in_coco():
    assert Answer.of([0.5, None]).numbers == [0.5, -1.0]
