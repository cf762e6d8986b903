-- One row is a prediction that found nothing, with the type of its error and what it aimed at.
CREATE VIEW false_positives AS
SELECT * FROM predictions WHERE outcome = 'false_positive';
