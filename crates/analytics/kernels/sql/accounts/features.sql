-- Features of accounts, for models: equal to the kernel `features`.
-- keys: account
-- measures: value_in, value_out, internal_in, internal_out, token_in, token_out, mints, burns, rewards, fees, paid_txs, failed_txs, txs, blocks, first_tx, last_tx, first_height, last_height, first_time, last_time
WITH sides AS (
  SELECT sender AS account, tx, 'out' AS way, kind, 0 AS n_paid, 0 AS n_failed FROM transfers WHERE sender IS NOT NULL
  UNION ALL
  SELECT receiver AS account, tx, 'in' AS way, kind, 0 AS n_paid, 0 AS n_failed FROM transfers WHERE receiver IS NOT NULL
  UNION ALL
  SELECT payer AS account, tx, 'paid' AS way, 'none' AS kind, 1 AS n_paid, CASE WHEN success OR side THEN 0 ELSE 1 END AS n_failed
  FROM txs WHERE payer IS NOT NULL
),
by_tx AS (
  SELECT account, tx,
    SUM(CASE WHEN way = 'in' AND kind = 'value' THEN 1 ELSE 0 END) AS value_in,
    SUM(CASE WHEN way = 'out' AND kind = 'value' THEN 1 ELSE 0 END) AS value_out,
    SUM(CASE WHEN way = 'in' AND kind = 'internal' THEN 1 ELSE 0 END) AS internal_in,
    SUM(CASE WHEN way = 'out' AND kind = 'internal' THEN 1 ELSE 0 END) AS internal_out,
    SUM(CASE WHEN way = 'in' AND kind IN ('token', 'wrap', 'unwrap') THEN 1 ELSE 0 END) AS token_in,
    SUM(CASE WHEN way = 'out' AND kind IN ('token', 'wrap', 'unwrap') THEN 1 ELSE 0 END) AS token_out,
    SUM(CASE WHEN way = 'in' AND kind = 'mint' THEN 1 ELSE 0 END) AS mints,
    SUM(CASE WHEN way = 'out' AND kind = 'burn' THEN 1 ELSE 0 END) AS burns,
    SUM(CASE WHEN way = 'in' AND kind IN ('reward', 'withdrawal') THEN 1 ELSE 0 END) AS rewards,
    SUM(CASE WHEN way = 'out' AND kind IN ('fee_burn', 'fee_tip', 'fee_blob', 'fee_l1') THEN 1 ELSE 0 END) AS fees,
    SUM(n_paid) AS n_paid, SUM(n_failed) AS n_failed
  FROM sides GROUP BY account, tx
)
SELECT b.account AS account,
  CAST(SUM(b.value_in) AS BIGINT) AS value_in, CAST(SUM(b.value_out) AS BIGINT) AS value_out,
  CAST(SUM(b.internal_in) AS BIGINT) AS internal_in, CAST(SUM(b.internal_out) AS BIGINT) AS internal_out,
  CAST(SUM(b.token_in) AS BIGINT) AS token_in, CAST(SUM(b.token_out) AS BIGINT) AS token_out,
  CAST(SUM(b.mints) AS BIGINT) AS mints, CAST(SUM(b.burns) AS BIGINT) AS burns, CAST(SUM(b.rewards) AS BIGINT) AS rewards,
  CAST(SUM(b.fees) AS BIGINT) AS fees, CAST(SUM(b.n_paid) AS BIGINT) AS paid_txs, CAST(SUM(b.n_failed) AS BIGINT) AS failed_txs,
  COUNT(*) AS txs, COUNT(DISTINCT t.height) AS blocks,
  MIN(t.tx) AS first_tx, MAX(t.tx) AS last_tx, MIN(t.height) AS first_height, MAX(t.height) AS last_height,
  MIN(t.time) AS first_time, MAX(t.time) AS last_time
FROM by_tx b JOIN txs t ON t.tx = b.tx
GROUP BY b.account
