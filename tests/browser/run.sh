#!/usr/bin/env bash
# run.sh GCLAB MAKE_STORE DIRECTORY: makes pages and tests them in Chromium; Playwright is installed into DIRECTORY.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../expect.sh"
gclab=$1 make_store=$2 directory=$3
chromium=${GCLAB_CHROMIUM-/usr/bin/chromium}
for program in node npm "$chromium"; do
  command -v "$program" >/dev/null && continue
  echo "skipped: $program is not there; scripts/install-packages test installs it" >&2
  exit 77
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

"$make_store" full.sqlite 0x2f || fail "no store"
expect 0 "$gclab" report --store full.sqlite -o full.html --title "Synthetic results"

# A store may come from anybody.
cp full.sqlite hostile.sqlite
sqlite3 hostile.sqlite <<'SQL' || fail "the hostile store"
UPDATE campaign SET name = '</title><script>window.injected = 1</script>', plan = '</code><img src=x onerror="window.injected=1">',
  command = '<svg onload=window.injected=1>', version = '"><script>window.injected=1</script>';
UPDATE cell SET workload = '"><img src=x onerror=window.injected=1>' WHERE workload = 'splay';
UPDATE cell SET collector_version = '''"><script>window.injected=1</script>', build_id = '</table><script>window.injected=1</script>';
UPDATE host SET environment = json_object('cpu', '<script>window.injected=1</script>', '"><b>', '</td>');
UPDATE trial SET outcome = 'crashed', message = '<script>window.injected=1</script>' WHERE block = 0 AND id IN (SELECT id FROM trial WHERE block = 0 ORDER BY id LIMIT 9);
SQL
expect 0 "$gclab" report --store hostile.sqlite -o hostile.html
"$make_store" tiny.sqlite 0x10 || fail "no tiny store"
sqlite3 tiny.sqlite "DELETE FROM series WHERE trial_id IN (SELECT id FROM trial WHERE block > 0); DELETE FROM trial WHERE block > 0;
  UPDATE trial SET outcome = 'timed_out'" || fail "the tiny store"
expect 0 "$gclab" report --store tiny.sqlite -o tiny.html

mkdir -p "$directory/playwright" && cp "$here"/{package.json,package-lock.json,.npmrc,report.mjs} "$directory/playwright" || fail "copying"
if [ ! -d "$directory/playwright/node_modules/playwright-core" ]; then
  if ! (cd "$directory/playwright" && npm ci --ignore-scripts >"$work/npm.log" 2>&1); then
    echo "skipped: Playwright could not be fetched: $(tail -n 3 npm.log)" >&2
    exit 77
  fi
fi
GCLAB_CHROMIUM=$chromium node "$directory/playwright/report.mjs" "$work/full.html" "$work/hostile.html" "$work/tiny.html" || fail "in Chromium"
