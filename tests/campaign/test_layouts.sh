#!/usr/bin/env bash
# test_layouts.sh GCLAB: programs that are there in several orders of linking are taken in turn, block by block.
set -u
. "$(dirname "$0")/../expect.sh"
gclab=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export GCLAB_STORE=$work/s.sqlite GCLAB_TRIAL_PATH=$work/programs
is() { [ "$2" = "$3" ] || fail "$1: '$2', not '$3'"; }
layouts() {
  sqlite3 s.sqlite "select group_concat(layout) from (select json_extract(record, '$.layout') as layout from trial t
    where campaign_id = (select id from campaign order by created_at desc limit 1) order by block)"
}

program=$(dirname "$gclab")/gclab-trial-none
mkdir -p programs/layouts/1 programs/layouts/2
cp "$program" programs/
cp "$program" programs/layouts/1/
cp "$program" programs/layouts/2/
expect 0 "$gclab" run -c none -w gcbench --small --blocks 5 --no-aa --quiet
is "in turn" "$(layouts)" 0,1,2,0,1
first=$("$gclab" list none --json | jq -r .build_id)

# Each is part of what was measured: with another one it is another build, and nothing of the old is taken for it.
printf 'x' >>programs/layouts/2/gclab-trial-none
second=$("$gclab" list none --json | jq -r .build_id)
[ "$first" != "$second" ] || fail "another layout is the same build: $first"
expect 0 "$gclab" run -c none -w gcbench --small --blocks 2 --no-aa --quiet
is "campaigns" "$(sqlite3 s.sqlite 'select count(*) from campaign')" 2

# Without others there is one, and a gap ends the count.
rm programs/layouts/1/gclab-trial-none
expect 0 "$gclab" run -c none -w gcbench --small --blocks 3 --no-aa --quiet
is "one" "$(layouts)" 0,0,0
echo ok
