-- What came to each account less what went from it since the first exported block, by asset: equal to the kernel `balances`. Where a transfer of 10^28
-- base units or more is among them (`wide`) the sum is missing here; the kernel has it in `moved_text`.
-- keys: account, asset
-- measures: transfers, wide, moved
SELECT account, asset, COUNT(*) AS transfers, COUNT(*) - COUNT(amount) AS wide,
  CASE WHEN COUNT(*) = COUNT(amount) THEN SUM(amount) ELSE NULL END AS moved
FROM (
  SELECT sender AS account, asset, -amount AS amount FROM transfers WHERE sender IS NOT NULL
  UNION ALL
  SELECT receiver AS account, asset, amount FROM transfers WHERE receiver IS NOT NULL
) moves
GROUP BY account, asset
