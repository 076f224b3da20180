-- Statistics of addresses: equal to the kernel `statistics`.
-- keys: address
-- measures: outputs, received, inputs, spent, unknown_inputs, txs, first_tx, last_tx, first_height, last_height, first_time, last_time
WITH sides AS (
  SELECT address, tx, 1 AS n_out, CAST(value AS DECIMAL(38, 0)) AS v_out,
    0 AS n_in, CAST(0 AS DECIMAL(38, 0)) AS v_in, 0 AS n_unknown
  FROM outputs
  UNION ALL
  SELECT address, tx, 0 AS n_out, CAST(0 AS DECIMAL(38, 0)) AS v_out,
    1 AS n_in, CAST(COALESCE(value, 0) AS DECIMAL(38, 0)) AS v_in, CASE WHEN value IS NULL THEN 1 ELSE 0 END AS n_unknown
  FROM inputs WHERE address IS NOT NULL
),
by_tx AS (
  SELECT address, tx, SUM(n_out) AS n_out, SUM(v_out) AS v_out, SUM(n_in) AS n_in, SUM(v_in) AS v_in, SUM(n_unknown) AS n_unknown
  FROM sides GROUP BY address, tx
)
SELECT b.address AS address,
  CAST(SUM(b.n_out) AS BIGINT) AS outputs, SUM(b.v_out) AS received,
  CAST(SUM(b.n_in) AS BIGINT) AS inputs, SUM(b.v_in) AS spent,
  CAST(SUM(b.n_unknown) AS BIGINT) AS unknown_inputs, COUNT(*) AS txs,
  MIN(t.tx) AS first_tx, MAX(t.tx) AS last_tx, MIN(t.height) AS first_height, MAX(t.height) AS last_height,
  MIN(t.time) AS first_time, MAX(t.time) AS last_time
FROM by_tx b JOIN txs t ON t.tx = b.tx
GROUP BY b.address
