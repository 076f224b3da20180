-- Figures for a transparency report: what outputs of each day (UTC, Unix seconds of its start) paid to entities of each category. An entity has the first
-- category, by name, among the most confident tags of its addresses; 'unattributed' stands for none.
-- keys: day
-- texts: category
-- measures: outputs, txs, entities, value
WITH entities AS (
  SELECT a.address AS address, COALESCE(c.cluster, a.address) AS entity
  FROM addresses a LEFT JOIN clusters c ON c.address = a.address
),
tagged AS (
  SELECT e.entity AS entity, t.category AS category, t.confidence AS confidence
  FROM tags t JOIN entities e ON e.address = t.address
),
strongest AS (
  SELECT entity, MAX(confidence) AS confidence FROM tagged GROUP BY entity
),
categories AS (
  SELECT t.entity AS entity, MIN(t.category) AS category
  FROM tagged t JOIN strongest s ON s.entity = t.entity AND s.confidence = t.confidence
  GROUP BY t.entity
)
SELECT t.time - t.time % 86400 AS day, COALESCE(c.category, 'unattributed') AS category,
  COUNT(*) AS outputs, COUNT(DISTINCT o.tx) AS txs, COUNT(DISTINCT e.entity) AS entities,
  SUM(CAST(o.value AS DECIMAL(38, 0))) AS value
FROM outputs o JOIN txs t ON t.tx = o.tx JOIN entities e ON e.address = o.address
  LEFT JOIN categories c ON c.entity = e.entity
GROUP BY t.time - t.time % 86400, COALESCE(c.category, 'unattributed')
