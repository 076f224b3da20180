-- Figures for a transparency report: what moved of each asset on each day (UTC, Unix seconds of its start). `wide` counts transfers of 10^28 base units or
-- more, which the sum leaves out.
-- keys: day, asset
-- measures: transfers, wide, txs, senders, receivers, amount
SELECT t.time - t.time % 86400 AS day, m.asset AS asset, COUNT(*) AS transfers, COUNT(*) - COUNT(m.amount) AS wide,
  COUNT(DISTINCT m.tx) AS txs, COUNT(DISTINCT m.sender) AS senders, COUNT(DISTINCT m.receiver) AS receivers, SUM(m.amount) AS amount
FROM transfers m JOIN txs t ON t.tx = m.tx
GROUP BY t.time - t.time % 86400, m.asset
