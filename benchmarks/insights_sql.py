"""The best SQL we could write by hand for DuckDB: what our expressions are measured against.

Of several ways for each question the quickest is kept; docs/log.md names the others and what they cost.
"""

from __future__ import annotations

SHOPPERS = "kind NOT IN ('message', 'impression', 'decision')"
WINDOW = 7 * 86_400_000_000
HALF_HOUR = 1_800_000_000

TREND = f"""
SELECT day, count(DISTINCT subject)::DOUBLE, count(*) FROM events WHERE {SHOPPERS} GROUP BY day ORDER BY day
"""  # noqa: S608 - constants

STICKINESS = f"""
WITH people AS (SELECT subject, list_sort(list(DISTINCT day)) AS d FROM events WHERE {SHOPPERS} GROUP BY subject),
visits AS (SELECT unnest(d) AS day, unnest(list_prepend(NULL::DATE, d[:-2])) AS before,
                  unnest(list_append(d[2:], NULL::DATE)) AS after FROM people),
moves AS (SELECT day, count(*) AS dau,
                 count(*) FILTER (before IS NULL OR day - before >= 7) AS week_in,
                 count(*) FILTER (after IS NULL OR after - day >= 7) AS week_out,
                 count(*) FILTER (before IS NULL OR day - before >= 28) AS month_in,
                 count(*) FILTER (after IS NULL OR after - day >= 28) AS month_out
          FROM visits GROUP BY day),
days AS (SELECT unnest(generate_series(min(day), max(day), INTERVAL 1 DAY))::DATE AS day FROM moves)
SELECT d.day, coalesce(m.dau, 0),
       sum(coalesce(m.week_in, 0) - coalesce(w.week_out, 0)) OVER (ORDER BY d.day)::BIGINT,
       sum(coalesce(m.month_in, 0) - coalesce(o.month_out, 0)) OVER (ORDER BY d.day)::BIGINT
FROM days d LEFT JOIN moves m ON m.day = d.day LEFT JOIN moves w ON w.day = d.day - 7
            LEFT JOIN moves o ON o.day = d.day - 28
ORDER BY d.day
"""  # noqa: S608 - constants

RETENTION = f"""
WITH weeks AS (
  SELECT subject, bit_or(1::BIGINT << ((day - DATE '2024-01-01') // 7)::INTEGER) AS active, min(day) AS first
  FROM events WHERE {SHOPPERS} GROUP BY subject),
cohorts AS (SELECT (first - DATE '2024-01-01') // 7 AS cohort, active, count(*) AS n FROM weeks GROUP BY ALL)
SELECT (DATE '2024-01-01' + cohort::INTEGER * 7)::DATE, since,
       sum(n) FILTER ((active >> (cohort + since)::INTEGER) & 1 = 1)::BIGINT AS returned
FROM cohorts, range(0, 13) AS r(since) GROUP BY ALL HAVING returned > 0 ORDER BY 1, 2
"""  # noqa: S608 - constants

FUNNEL = f"""
WITH steps AS (
  SELECT subject AS u, list_sort(list(epoch_us(time) * 2 + (kind = 'cart')::INTEGER)) AS l
  FROM events WHERE kind IN ('view', 'cart') GROUP BY subject),
places AS (SELECT u, l, unnest(range(1, len(l))) AS i FROM steps),
pairs AS (SELECT u, l[i + 1] AS now, l[i] AS last FROM places),
carts AS MATERIALIZED (
  SELECT u, now >> 1 AS t, last >> 1 AS start FROM pairs
  WHERE now & 1 = 1 AND last & 1 = 0 AND (now >> 1) - (last >> 1) <= {WINDOW}),
later AS (SELECT u, t * 2 AS k, start FROM carts
          UNION ALL SELECT subject, epoch_us(time) * 2 + 1, NULL FROM events WHERE kind = 'purchase'),
carried AS (SELECT u, k, lag(start) OVER (PARTITION BY u ORDER BY k) AS start FROM later),
bought AS (SELECT u, k >> 1 AS t, start FROM carried WHERE k & 1 = 1 AND (k >> 1) - start <= {WINDOW}),
reached AS (
  SELECT u, 2 AS step, (min(t) - min(start)) / 1e6 AS seconds FROM carts GROUP BY u
  UNION ALL SELECT u, 3, (min(t) - min(start)) / 1e6 FROM bought GROUP BY u),
answer AS (
  SELECT 1 AS step, count(DISTINCT subject) AS n, NULL::DOUBLE AS mean, NULL::DOUBLE AS median, NULL::DOUBLE AS p90
  FROM events WHERE kind = 'view'
  UNION ALL
  SELECT step, count(*), avg(seconds), quantile_cont(seconds, .5), quantile_cont(seconds, .9)
  FROM reached GROUP BY step)
SELECT n, mean, median, p90 FROM answer ORDER BY step
"""  # noqa: S608 - constants

SESSIONS = f"""
WITH pieces AS (
  SELECT subject, epoch_us(time) // {HALF_HOUR} AS place, min(day) AS day, min(epoch_us(time)) AS a,
         max(epoch_us(time)) AS z, count(*) AS n, count(*) FILTER (kind = 'purchase') AS bought
  FROM events WHERE {SHOPPERS} GROUP BY subject, place),
opened AS (
  SELECT *, coalesce(a - lag(z) OVER (PARTITION BY subject ORDER BY place) > {HALF_HOUR}, true) AS opens FROM pieces),
numbered AS (
  SELECT *, sum(opens::INTEGER) OVER (PARTITION BY subject ORDER BY place ROWS UNBOUNDED PRECEDING) AS number
  FROM opened),
sessions AS (
  SELECT subject, min(day) AS day, (max(z) - min(a)) / 1e6 AS seconds, sum(n) AS n, sum(bought) AS bought
  FROM numbered GROUP BY subject, number),
weekly AS (
  SELECT (DATE '2024-01-01' + (((day - DATE '2024-01-01') // 7) * 7)::INTEGER)::DATE AS period, count(*) AS sessions,
         count(DISTINCT subject) AS customers, count(*) FILTER (n = 1) / count(*) AS bounces, avg(seconds) AS mean,
         median(seconds) AS median, count(*) FILTER (bought > 0) / count(*) AS bought
  FROM sessions GROUP BY GROUPING SETS ((1), ()))
SELECT * FROM weekly WHERE period IS NOT NULL ORDER BY period
"""  # noqa: S608 - constants

SQL = {"trend": TREND, "stickiness": STICKINESS, "retention": RETENTION, "funnel": FUNNEL, "sessions": SESSIONS}
