"""Real models through comparison and gate: the numbers and verdicts of a second implementation."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

import cvfail as cf
from cvfail.statistics.bootstrap import poisson_weights
from tests.slices.wider_face import HEIGHTS, evaluate_wider

HEIGHT_NAMES = ("< 10", "10 – 20", "20 – 40", "40 – 80", "≥ 80")
SMALL = "face_height=10 – 20"


class Row:
    """One row of a gate by hand: hits and units of both models in every image, in the order of the images."""

    def __init__(self, hits, units, *, value, rule, step=1.0):
        self.value, self.rule = value, rule
        totals = [one.sum() for one in units]
        self.first, self.second = (hit.sum() / total for hit, total in zip(hits, totals, strict=True))
        self.difference = self.second - self.first
        there = (units[0] > 0) | (units[1] > 0)
        self.clusters = int(there.sum())
        influence = (hits[1] - self.second * units[1]) / totals[1] - (
            hits[0] - self.first * units[0]
        ) / totals[0]
        self.error = np.sqrt(self.clusters / (self.clusters - 1) * (influence[there] ** 2).sum())
        unseen = -np.log(0.05) / stats.norm.ppf(0.95) * step / min(totals)
        self.widened = np.hypot(self.error, unseen)
        self.hits, self.units = hits, units

    def verdict_parts(self, *, limit, is_floor):
        statistic = (self.difference - limit) / self.widened
        reach = stats.t.ppf(0.95, self.clusters - 1) * self.widened
        low, high = self.difference - reach, self.difference + reach
        tail = stats.t.cdf(statistic if is_floor else -statistic, self.clusters - 1)
        return low, high, tail, low >= limit if is_floor else high <= limit

    def percentiles(self, weights):
        drawn = [
            (weights @ self.hits[side])
            / np.where(weights @ self.units[side] > 0, weights @ self.units[side], np.nan)
            for side in (0, 1)
        ]
        return np.nanquantile(drawn[1] - drawn[0], [0.025, 0.975])


def expected_verdicts(rows):
    """Weighted Holm, step by step: every rule has the same weight, divided by its rows."""
    count = {row.rule: sum(one.rule == row.rule for one in rows) for row in rows}
    parts = [row.verdict_parts(limit=row.value, is_floor=row.value <= 0) for row in rows]
    weight = [1 / count[row.rule] for row in rows]
    verdicts, left = ["investigate"] * len(rows), list(range(len(rows)))
    while left:
        total = sum(weight[place] for place in left)
        best = min(left, key=lambda place: parts[place][2] / weight[place])
        if parts[best][2] >= 0.05 * weight[best] / total:
            break
        verdicts[best] = "fail"
        left.remove(best)
    return ["pass" if keeps else verdict for (*_, keeps), verdict in zip(parts, verdicts, strict=True)], parts


def check_gate(gate, rows):
    verdicts, parts = expected_verdicts(rows)
    assert gate.df["verdict"].to_list() == verdicts
    for told, row, (low, high, tail, _) in zip(gate.df.iter_rows(named=True), rows, parts, strict=True):
        assert told["estimate"] == pytest.approx(row.difference, abs=1e-12)
        assert (told["lower"], told["upper"]) == pytest.approx((low, high), abs=1e-9)
        assert told["p_value"] == pytest.approx(tail, abs=1e-9)


def check_comparison(told, row, weights):
    assert (told["baseline"], told["candidate"]) == pytest.approx((row.first, row.second), abs=1e-12)
    expected = 2 * stats.t.sf(abs(row.difference) / row.error, row.clusters - 1)
    assert told["p_value"] == pytest.approx(expected, rel=1e-6, abs=1e-300)
    assert told["clusters"] == row.clusters
    assert (told["lower"], told["upper"]) == pytest.approx(tuple(row.percentiles(weights)), abs=1e-12)


@pytest.fixture(scope="module")
def faces(shared_data):
    """yolov7-face, then RetinaFace."""
    return [
        evaluate_wider(shared_data / "det_widerface_val", name)
        for name in ("det_yolov7face", "det_retinaface")
    ]


def per_image(faces, value, rule, *, chosen=None, errors=False):
    """Found (or missed) faces and all faces of a slice in every image, from the tables of outcomes."""
    ids = faces[0].evidence.cluster_ids
    hits, units = [], []
    for one in faces:
        rows = one.ground_truth_at().filter(pl.col("outcome") != "ignored")
        rows = rows if chosen is None else rows.filter(chosen)
        wanted = pl.col("outcome") == ("missed" if errors else "found")
        sums = rows.group_by("image_id").agg(wanted.sum().alias("hit"), pl.len().alias("unit"))
        table = pl.DataFrame({"image_id": ids}).join(sums, on="image_id", how="left", maintain_order="left")
        hits.append(table["hit"].fill_null(0).to_numpy().astype(float))
        units.append(table["unit"].fill_null(0).to_numpy().astype(float))
    return Row(hits, units, value=value, rule=rule)


def false_positives(faces, value, rule):
    ids = faces[0].evidence.cluster_ids
    hits = []
    for one in faces:
        wrong = one.predictions_at().filter(outcome="false_positive").group_by("image_id").agg(pl.len())
        table = pl.DataFrame({"image_id": ids}).join(wrong, on="image_id", how="left", maintain_order="left")
        hits.append(table["len"].fill_null(0).to_numpy().astype(float))
    return Row(hits, [np.ones(len(ids))] * 2, value=value, rule=rule)


def heights(faces):
    edges = [-np.inf, *HEIGHTS, np.inf]
    for place, name in enumerate(HEIGHT_NAMES):
        low, high = edges[place : place + 2]
        yield name, (pl.col("height") >= low) & (pl.col("height") < high)


def face_rows(faces):
    """The rows of the gate below, in its order."""
    rows = [per_image(faces, -0.02, "overall"), per_image(faces, 0.0, "class")]
    rows += [per_image(faces, -0.02, "height", chosen=chosen) for _, chosen in heights(faces)]
    rows += [per_image(faces, -0.02, "blur", chosen=pl.col("blur") == blur) for blur in range(3)]
    rows.append(false_positives(faces, 1.0, "false positives"))
    rows.append(per_image(faces, 0.02, "mode", chosen=dict(heights(faces))[SMALL.split("=")[1]], errors=True))
    return rows


def face_rules(mode):
    from cvfail.gate.rule import Rule
    from cvfail.gate.rules_file import Rules

    def fall(name, value, **where):
        return Rule(name=name, metric="recall", bound="max_fall", value=value, **where)

    return Rules(
        rules=(
            fall("overall", 0.02),
            fall("class", 0.0, classes=("*",)),
            fall("height", 0.02, by=("face_height",)),
            fall("blur", 0.02, by=("blur",)),
            Rule(name="false positives", metric="false_positives_per_image", bound="max_rise", value=1.0),
            Rule(name="mode", metric="error_rate", bound="max_rise", value=0.02, modes=("*",)),
        ),
        modes=(mode,),
    )


@pytest.mark.parametrize("order", [1, -1])
def test_two_face_detectors_are_judged_as_by_hand(faces, order):
    before, after = faces[::order]
    gate = after.gate(face_rules(before.failure_mode("missed", SMALL)), baseline=before)
    rows = face_rows([before, after])
    check_gate(gate, rows)
    assert gate.verdict == ("fail" if order == 1 else "pass")
    if order == 1:
        assert set(gate.df["verdict"]) == {"pass", "fail", "investigate"}


def test_two_face_detectors_are_compared_as_by_hand(faces):
    rows = face_rows(faces)
    names = [f"face_height={name}" for name in HEIGHT_NAMES] + [f"blur={blur}" for blur in range(3)]
    mode = faces[0].failure_mode("missed", SMALL)
    found = cf.compare(*faces, slices=names, modes=[mode], replicates=150, average_precision=False, seed=2)
    weights = poisson_weights(faces[0].evidence.cluster_ids, 150, seed=2).astype(float)
    one = {"metric": "recall"}
    told = [found.metrics.df.filter(**one), found.classes.df.filter(**one)]
    told += [found.slices.df.filter(slice=name, **one) for name in names]
    told.append(found.metrics.df.filter(metric="false_positives_per_image"))
    told.append(found.failure_modes.df)
    for frame, row in zip(told, rows, strict=True):
        check_comparison(frame.row(0, named=True), row, weights)


NETWORKS = ("resnet152", "googlenet", "vgg19")


@pytest.fixture(scope="module")
def trials(shared_data):
    """Every network's answers to the same stimuli of four degradations; a photograph is a cluster."""
    trials = pl.read_parquet(shared_data / "cls_16class_degradations" / "trials.parquet")
    chosen = trials.filter(
        pl.col("subj").is_in(NETWORKS),
        pl.col("experiment").is_in(["colour", "noise", "eidolon", "rotation"]),
    )
    return chosen.select(
        "subj",
        "category",
        "response",
        image_id=pl.col("experiment") + "/" + pl.col("imagename"),
        degradation="experiment",
        cluster_id=pl.col("imagename").str.extract(r"(n\d{8}_\d+)"),
    ).sort("subj", "image_id")


@pytest.fixture(scope="module")
def networks(trials):
    models = {}
    for name in NETWORKS:
        own = trials.filter(subj=name)
        attributes = own.select("degradation", "cluster_id")
        models[name] = cf.evaluate(
            cf.from_labels(own["category"], own["response"], image_ids=own["image_id"], attributes=attributes)
        )
    return models


def right_answers(trials, pair, value, rule, *, chosen=None, answers=False):
    """Right answers and photographs (or answers) of both networks by cluster."""
    ids = trials["cluster_id"].unique().sort()
    hits, units = [], []
    for name in pair:
        own = trials.filter(subj=name)
        own = own if chosen is None else own.filter(chosen)
        sums = own.group_by("cluster_id").agg(
            (pl.col("response") == pl.col("category")).sum().alias("hit"), pl.len().alias("unit")
        )
        table = pl.DataFrame({"cluster_id": ids}).join(
            sums, on="cluster_id", how="left", maintain_order="left"
        )
        hits.append(table["hit"].fill_null(0).to_numpy().astype(float))
        units.append(table["unit"].fill_null(0).to_numpy().astype(float))
    if answers:
        hits = [unit - hit for hit, unit in zip(hits, units, strict=True)]
    return Row(hits, units, value=value, rule=rule)


def network_rows(trials, pair):
    kinds = trials["category"].unique().sort().to_list()
    degradations = trials["degradation"].unique().sort().to_list()
    rows = [right_answers(trials, pair, -0.02, "overall")]
    rows += [right_answers(trials, pair, -0.02, "class", chosen=pl.col("category") == kind) for kind in kinds]
    rows += [
        right_answers(trials, pair, -0.02, "slice", chosen=pl.col("degradation") == one)
        for one in degradations
    ]
    return rows


def network_rules():
    rule = {"metric": "recall", "max_fall": 0.02}
    return {
        "rule": [
            {**rule, "name": "overall"},
            {**rule, "name": "class", "class": "*"},
            {**rule, "name": "slice", "by": "degradation"},
        ]
    }


@pytest.mark.parametrize("pair", [NETWORKS[:2], NETWORKS[1:], NETWORKS[::-2]])
def test_three_networks_are_judged_as_by_hand(networks, trials, pair):
    gate = networks[pair[1]].gate(network_rules(), baseline=networks[pair[0]])
    check_gate(gate, network_rows(trials, pair))


def test_a_frozen_failure_mode_of_a_network_is_judged_as_by_hand(networks, trials):
    from cvfail.gate.rule import Rule
    from cvfail.gate.rules_file import Rules

    pair = NETWORKS[::2]
    mode = networks[pair[0]].failure_mode("classification", "degradation=noise")
    rule = Rule(name="mode", metric="error_rate", bound="max_rise", value=0.02, modes=("*",))
    gate = networks[pair[1]].gate(Rules(rules=(rule,), modes=(mode,)), baseline=networks[pair[0]])
    noise = pl.col("degradation") == "noise"
    check_gate(gate, [right_answers(trials, pair, 0.02, "mode", chosen=noise, answers=True)])
    assert gate.verdict == "fail"


def test_three_networks_are_compared_as_by_hand(networks, trials):
    others = {name: networks[name] for name in NETWORKS[1:]}
    found = cf.compare(networks[NETWORKS[0]], others, by="degradation", replicates=150, seed=5).df
    weights = poisson_weights(networks[NETWORKS[0]].evidence.cluster_ids, 150, seed=5).astype(float)
    kinds = trials["category"].unique().sort().to_list()
    for name in others:
        rows = network_rows(trials, (NETWORKS[0], name))
        own = found.filter(model=name, metric="recall")
        told = [own.filter(level="overall"), *(own.filter(level="class", category=kind) for kind in kinds)]
        told += own.filter(level="slice").sort("slice").iter_slices(1)
        for frame, row in zip(told, rows, strict=True):
            check_comparison(frame.row(0, named=True), row, weights)
