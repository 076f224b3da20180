-- What of each address is unspent, of outputs that are stored: equal to the kernel `balances`.
-- keys: address
-- measures: unspent, balance
SELECT address, CAST(SUM(n) AS BIGINT) AS unspent, SUM(v) AS balance
FROM (
  SELECT address, 1 AS n, CAST(value AS DECIMAL(38, 0)) AS v FROM outputs
  UNION ALL
  SELECT address, -1 AS n, -CAST(value AS DECIMAL(38, 0)) AS v FROM inputs WHERE prev_output IS NOT NULL
) moves
GROUP BY address
HAVING SUM(n) <> 0
