-- What entities (clusters, else single accounts) sent each other, by asset, fees left out. `wide` counts transfers of 10^28 base units or more, which the
-- sum leaves out.
-- keys: sender, receiver
-- texts: asset
-- measures: transfers, wide, amount
WITH entities AS (
  SELECT a.account AS account, COALESCE(c.cluster, a.account) AS entity
  FROM accounts a LEFT JOIN clusters c ON c.address = a.account
)
SELECT s.entity AS sender, r.entity AS receiver, t.asset AS asset, COUNT(*) AS transfers,
  COUNT(*) - COUNT(t.amount) AS wide, SUM(t.amount) AS amount
FROM transfers t JOIN entities s ON s.account = t.sender JOIN entities r ON r.account = t.receiver
WHERE s.entity <> r.entity AND t.kind NOT IN ('fee_burn', 'fee_tip', 'fee_blob', 'fee_l1')
GROUP BY s.entity, r.entity, t.asset
