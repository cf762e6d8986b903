-- One row is a regular ground truth that was not found, with the reason in `outcome`.
CREATE VIEW false_negatives AS
SELECT * FROM ground_truth WHERE outcome IN ('missed', 'classification', 'localisation');
