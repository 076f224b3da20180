-- What entities (clusters, else single addresses) paid each other. Transactions of more than one sending entity, coinjoins among them, are left out.
-- keys: sender, receiver
-- measures: txs, outputs, value
WITH entities AS (
  SELECT a.address AS address, COALESCE(c.cluster, a.address) AS entity
  FROM addresses a LEFT JOIN clusters c ON c.address = a.address
),
senders AS (
  SELECT i.tx AS tx, MIN(e.entity) AS sender
  FROM inputs i JOIN entities e ON e.address = i.address JOIN txs t ON t.tx = i.tx
  WHERE t.coinjoin IS NULL
  GROUP BY i.tx
  HAVING MIN(e.entity) = MAX(e.entity)
)
SELECT s.sender AS sender, e.entity AS receiver, COUNT(DISTINCT o.tx) AS txs, COUNT(*) AS outputs,
  SUM(CAST(o.value AS DECIMAL(38, 0))) AS value
FROM outputs o JOIN senders s ON s.tx = o.tx JOIN entities e ON e.address = o.address
WHERE e.entity <> s.sender
GROUP BY s.sender, e.entity
