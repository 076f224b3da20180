-- Features of addresses, for models: equal to the kernel `features`.
-- keys: address
-- measures: outputs, received, greatest_received, coinbase_outputs, round_outputs, inputs, spent, greatest_spent, external_inputs, txs, txs_in, txs_out, txs_both, coinjoin_txs, fan_in, fan_in_outputs, fan_out, fan_out_inputs, blocks, first_tx, last_tx, first_height, last_height, first_time, last_time
WITH sides AS (
  SELECT o.address AS address, o.tx AS tx, 1 AS n_out, o.value AS v_out,
    CASE WHEN o.value > 0 AND o.value % 100000 = 0 THEN 1 ELSE 0 END AS n_round, 0 AS n_in, CAST(0 AS BIGINT) AS v_in, 0 AS n_external
  FROM outputs o
  UNION ALL
  SELECT i.address AS address, i.tx AS tx, 0 AS n_out, CAST(0 AS BIGINT) AS v_out,
    0 AS n_round, 1 AS n_in, COALESCE(i.value, 0) AS v_in, CASE WHEN i.prev_output IS NULL THEN 1 ELSE 0 END AS n_external
  FROM inputs i WHERE i.address IS NOT NULL
),
by_tx AS (
  SELECT address, tx, CAST(SUM(n_out) AS BIGINT) AS n_out, SUM(CAST(v_out AS DECIMAL(38, 0))) AS v_out, MAX(v_out) AS max_out,
    CAST(SUM(n_round) AS BIGINT) AS n_round, CAST(SUM(n_in) AS BIGINT) AS n_in, SUM(CAST(v_in AS DECIMAL(38, 0))) AS v_in,
    MAX(v_in) AS max_in, CAST(SUM(n_external) AS BIGINT) AS n_external
  FROM sides GROUP BY address, tx
)
SELECT b.address AS address,
  CAST(SUM(b.n_out) AS BIGINT) AS outputs, SUM(b.v_out) AS received, MAX(b.max_out) AS greatest_received,
  CAST(SUM(CASE WHEN t.coinbase THEN b.n_out ELSE 0 END) AS BIGINT) AS coinbase_outputs,
  CAST(SUM(b.n_round) AS BIGINT) AS round_outputs,
  CAST(SUM(b.n_in) AS BIGINT) AS inputs, SUM(b.v_in) AS spent, MAX(b.max_in) AS greatest_spent,
  CAST(SUM(b.n_external) AS BIGINT) AS external_inputs,
  COUNT(*) AS txs,
  CAST(SUM(CASE WHEN b.n_out > 0 THEN 1 ELSE 0 END) AS BIGINT) AS txs_in,
  CAST(SUM(CASE WHEN b.n_in > 0 THEN 1 ELSE 0 END) AS BIGINT) AS txs_out,
  CAST(SUM(CASE WHEN b.n_out > 0 AND b.n_in > 0 THEN 1 ELSE 0 END) AS BIGINT) AS txs_both,
  CAST(SUM(CASE WHEN t.coinjoin IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS coinjoin_txs,
  CAST(SUM(CASE WHEN b.n_out > 0 THEN t.inputs ELSE 0 END) AS BIGINT) AS fan_in,
  CAST(SUM(CASE WHEN b.n_out > 0 THEN t.outputs ELSE 0 END) AS BIGINT) AS fan_in_outputs,
  CAST(SUM(CASE WHEN b.n_in > 0 THEN t.outputs ELSE 0 END) AS BIGINT) AS fan_out,
  CAST(SUM(CASE WHEN b.n_in > 0 THEN t.inputs ELSE 0 END) AS BIGINT) AS fan_out_inputs,
  COUNT(DISTINCT t.height) AS blocks,
  MIN(t.tx) AS first_tx, MAX(t.tx) AS last_tx, MIN(t.height) AS first_height, MAX(t.height) AS last_height,
  MIN(t.time) AS first_time, MAX(t.time) AS last_time
FROM by_tx b JOIN txs t ON t.tx = b.tx
GROUP BY b.address
