"""The slice search in plain Python: every conjunction, row by row."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np


def every_slice(table, max_order):
    """(items, rows) of all conjunctions of up to some number of items of different attributes."""
    by_attribute = {}
    for number, attribute in enumerate(table.item_attribute):
        by_attribute.setdefault(int(attribute), []).append(number)
    holds = [
        {row for row in range(table.units) if table.codes[table.item_attribute[number], row] in item.codes}
        for number, item in enumerate(table.items)
    ]
    for order in range(1, max_order + 1):
        for attributes in combinations(by_attribute, order):
            for items in product(*(by_attribute[attribute] for attribute in attributes)):
                yield items, set.intersection(*(holds[number] for number in items))


def amounts(table):
    """Weight and weight times error of each unit, in the table's order."""
    values = table.unit_values
    if values is None:
        values = np.repeat(table.segment_values, np.diff(table.starts), axis=0)
    return values[:, 0] * table.scale[0], values[:, 1] * table.scale[1]


def scored_slices(table, objective, *, max_order, min_support):
    """(items, support, weight, errors, score) of every slice with enough units."""
    weights, errors = amounts(table)
    answers = []
    for items, rows in every_slice(table, max_order):
        if len(rows) < max(min_support, 1):
            continue
        chosen = sorted(rows)
        sums = (float(len(rows)), float(weights[chosen].sum()), float(errors[chosen].sum()))
        with np.errstate(all="ignore"):
            score = float(objective.score(*(np.array([value]) for value in sums))[0])
        answers.append((items, *sums, score))
    return answers


def best_slices(table, objective, *, max_order, min_support, top):
    """The best of them as a set, ties of the last included."""
    scored = scored_slices(table, objective, max_order=max_order, min_support=min_support)
    good = [answer for answer in scored if answer[4] > 0 and errors_exist(table)]
    scores = sorted((answer[4] for answer in good), reverse=True)
    floor = scores[top - 1] if len(scores) >= top else 0.0
    return {answer for answer in good if answer[4] >= floor}


def errors_exist(table):
    return table.totals.errors > 0
