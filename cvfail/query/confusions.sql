-- One row is an object that was taken for another class: a cell off the diagonal, background left out.
CREATE VIEW confusions AS
SELECT
    cells."true",
    cells.predicted,
    cells.overlap,
    predictions.score,
    ground_truth.* EXCLUDE (category)
FROM cells
JOIN predictions USING (prediction_index)
JOIN ground_truth USING (ground_truth_index)
WHERE cells."true" <> cells.predicted;
