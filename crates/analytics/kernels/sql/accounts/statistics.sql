-- Statistics of accounts: equal to the kernel `statistics`.
-- keys: account
-- measures: transfers_in, transfers_out, fees, paid_txs, txs, first_tx, last_tx, first_height, last_height, first_time, last_time
WITH sides AS (
  SELECT sender AS account, tx, 0 AS n_in,
    CASE WHEN kind IN ('fee_burn', 'fee_tip', 'fee_blob', 'fee_l1') THEN 0 ELSE 1 END AS n_out,
    CASE WHEN kind IN ('fee_burn', 'fee_tip', 'fee_blob', 'fee_l1') THEN 1 ELSE 0 END AS n_fee, 0 AS n_paid
  FROM transfers WHERE sender IS NOT NULL
  UNION ALL
  SELECT receiver AS account, tx,
    CASE WHEN kind IN ('fee_burn', 'fee_tip', 'fee_blob', 'fee_l1') THEN 0 ELSE 1 END AS n_in, 0 AS n_out, 0 AS n_fee, 0 AS n_paid
  FROM transfers WHERE receiver IS NOT NULL
  UNION ALL
  SELECT payer AS account, tx, 0 AS n_in, 0 AS n_out, 0 AS n_fee, 1 AS n_paid FROM txs WHERE payer IS NOT NULL
),
by_tx AS (
  SELECT account, tx, SUM(n_in) AS n_in, SUM(n_out) AS n_out, SUM(n_fee) AS n_fee, SUM(n_paid) AS n_paid
  FROM sides GROUP BY account, tx
)
SELECT b.account AS account, CAST(SUM(b.n_in) AS BIGINT) AS transfers_in, CAST(SUM(b.n_out) AS BIGINT) AS transfers_out,
  CAST(SUM(b.n_fee) AS BIGINT) AS fees, CAST(SUM(b.n_paid) AS BIGINT) AS paid_txs, COUNT(*) AS txs,
  MIN(t.tx) AS first_tx, MAX(t.tx) AS last_tx, MIN(t.height) AS first_height, MAX(t.height) AS last_height,
  MIN(t.time) AS first_time, MAX(t.time) AS last_time
FROM by_tx b JOIN txs t ON t.tx = b.tx
GROUP BY b.account
