-- One row is a prediction that found a regular ground truth.
CREATE VIEW true_positives AS
SELECT * FROM predictions WHERE outcome = 'true_positive';
