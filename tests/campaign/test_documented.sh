#!/bin/bash
# What docs/schema.md shows works: its Python reads the pauses that gclab exports, and its queries run.
. "$(dirname "$0")/common.sh"
schema=$(dirname "$0")/../../docs/schema.md
command -v python3 >/dev/null || exit 77

"$gclab" run -c alpha -w work,toil --set rows=1,7,1500 --allocator glibc --blocks 2 --no-aa --quiet >/dev/null || fail "the campaign"

awk '/^```/ { inside = inside ? 0 : /python/; if (found && !inside) exit; next } inside { found = 1; print }' "$schema" >"$work/read.py" # the first program
[ -s "$work/read.py" ] || fail "there is no Python in docs/schema.md"
python3 "$work/read.py" "$GCLAB_STORE" >"$work/python.txt" || fail "the Python of docs/schema.md"
"$gclab" export --pauses >"$work/pauses.csv"
sqlite3 -batch -separator ' ' :memory: ".import --csv $work/pauses.csv t" \
  "select trial, count(*), sum(duration_ns), max(duration_ns + 0) from t group by 1 order by 1" >"$work/export.txt"
[ "$(wc -l <"$work/export.txt")" = 12 ] || fail "12 trials, not $(wc -l <"$work/export.txt")"
cmp "$work/python.txt" "$work/export.txt" || fail "the documented reading and gclab export differ"

# The last block of SQL is the one with queries.
sed -n '/^### Queries/,/^## /p' "$schema" | sed -n '/^```sql/,/^```/p' | grep -v '^```' >"$work/queries.sql"
sqlite3 -batch -bail "$GCLAB_STORE" <"$work/queries.sql" >"$work/answers.txt" || fail "the queries of docs/schema.md"
[ "$(grep -c '^alpha|work|' "$work/answers.txt")" -ge 3 ] || fail "no medians: $(cat "$work/answers.txt")"

sqlite3 "$GCLAB_STORE" "vacuum into '$work/other.sqlite'"
sed -n '/^ATTACH/,/^```/p' "$schema" | grep -v '^```' | sed "s#'other.sqlite'#'$work/other.sqlite'#" >"$work/merge.sql"
sqlite3 -batch -bail "$GCLAB_STORE" <"$work/merge.sql" || fail "the merge of docs/schema.md"
[ "$(sqlite3 "$GCLAB_STORE" 'select count(*) from trial')" = 12 ] || fail "a merge with itself changed the number of trials"
echo ok
