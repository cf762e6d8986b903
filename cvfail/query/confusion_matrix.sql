-- One row is a cell of the confusion matrix that counts something.
CREATE VIEW confusion_matrix AS
SELECT "true", predicted, count(*) AS "count"
FROM cells
GROUP BY ALL
ORDER BY ALL;
