#!/usr/bin/env bash
# test_command.sh GCLAB CASE: `gclab record` and `gclab tune -- PROGRAM` on small Python programs.
set -u
. "$(dirname "$0")/../expect.sh"
gclab=$1
programs=$(cd "$(dirname "$0")/programs" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# The recorder is for CPython 3.11; Debian's is asked for by name, since another may come first in PATH.
python=/usr/bin/python3.11
[ -x "$python" ] || { echo "there is no $python"; exit 77; }
compgen -G "$(dirname "$gclab")/recorder/_gclab_recorder.*.so" >/dev/null || { echo "the recorder was not built"; exit 77; }

lacks() { ! grep -qF -- "$1" "$2" || fail "$2 says '$1': $(cat "$2")"; }

# The recording's own counts are the interpreter's at each collection: the reader says where they are not.
exact() { lacks 'was not what the recording makes of it' "$1"; }

case $2 in
unperturbed)
  "$python" "$programs/cyclic.py" 300 >plain || fail "the program fails"
  expect 0 "$gclab" record -- "$python" "$programs/cyclic.py" 300
  cmp -s out plain || fail "the program says something else: $(diff out plain)"
  says 'gclab-recording/' err
  exact err
  expect 0 "$gclab" record --show gclab-recording
  says 'objects that are counted' out
  says 'asked for' out
  exact out
  # Thresholds that are given are there when the program begins.
  expect 0 "$gclab" record --pauses --thresholds 5000 -- "$python" -c 'import gc; print(gc.get_threshold())'
  says '(5000, 10, 10)' out
  ;;
graph)
  # A chain of four, of which each refers to the next and the last to itself; a ring of a thousand; a list of both.
  expect 0 "$gclab" record --graph -o graph -- "$python" -c '
import gc
class Node:
    __slots__ = ("next",)
gc.collect()
def ring(count):
    nodes = [Node() for _ in range(count)]
    for a, b in zip(nodes, nodes[1:] + nodes[:1]):
        a.next = b
    return nodes[0]
kept = [ring(1000), ring(1), ring(50000)]
gc.collect()'
  exact err
  says 'snapshots of the object graph' err
  expect 0 "$gclab" record --show graph
  # The largest cycle is the ring, and no object of the program makes it larger.
  says ', 50,000 in the largest' out
  expect 0 "$gclab" tune --rounds 0 --recording graph
  expect 0 "$gclab" replay graph -c marksweep --blocks 1 -q
  expect 2 "$gclab" record --graph --pauses -- "$python" -c ''
  says '--graph is of objects' err
  expect 0 "$gclab" record -o plain -- "$python" -c 'import gc; gc.collect()'
  lacks snapshot err
  ;;
passing)
  expect 7 "$gclab" record -- "$python" -c 'import sys; print(sys.stdin.read()); print("to err", file=sys.stderr); sys.exit(7)' <<<hello
  says hello out
  says 'to err' err
  expect 137 "$gclab" record -o killed -- "$python" -c '
import os, signal
kept = [[i] for i in range(5000)]
os.kill(os.getpid(), signal.SIGKILL)'
  says 'or killed' err
  exact err
  expect 0 "$gclab" record --show killed
  says 'collections of generation 0' out
  # The sitecustomize and the PYTHONPATH that are there without us have their way.
  mkdir path && echo 'print("customized")' >path/sitecustomize.py
  PYTHONPATH=$work/path expect 0 "$gclab" record -- "$python" -c 'import sys; print(*sys.path, sep="\n")'
  says customized out
  says "$work/path" out
  lacks recorder out
  ;;
environment)
  (eval "$("$gclab" record --env -o "it's here")"; exec "$python" "$programs/cyclic.py" 20) >out 2>err || fail "$(cat err)"
  expect 0 "$gclab" record --show "it's here"
  says 'objects that are counted' out
  # The probe freezes when it is told to.
  (eval "$("$gclab" record --env --pauses)"
   export GCLAB_FREEZE_AFTER_NS=1
   exec "$python" -c 'import gc; kept = [[i] for i in range(5000)]; print(gc.get_freeze_count() > 1000)') >out 2>err
  says True out
  "$python" -c 'import gc; kept = [[i] for i in range(5000)]; print(gc.get_freeze_count() > 1000)' >out
  says False out
  ;;
versions)
  # Other versions of Python are observed by the probe, and none by the recorder, which is not for them.
  seen=0
  for other in python3.8 python3.9 python3.10 python3.12 python3.13 python3.14; do
    "$other" -c 'import gc' 2>/dev/null || continue
    seen=$((seen + 1))
    expect 4 "$gclab" record -o "$other" -- "$other" -c 'kept = [[i] for i in range(5000)]; print("done")'
    says 'done' out
    says 'by the probe alone' err
    expect 0 "$gclab" record --pauses -o "$other" -- "$other" -c 'kept = [[i] for i in range(5000)]'
    says 'collections of generation 0' err
  done
  [ $seen -gt 0 ] || { echo "there is no Python of another version"; exit 77; }
  ;;
workers)
  expect 7 "$gclab" record -o workers -- "$python" "$programs/workers.py"
  says 'fork [5001, 5002]' out
  says 'spawn [5001, 5002]' out
  [ "$(tail -n 1 out)" = 3 ] || fail "the exit code of a worker is lost: $(cat out)"
  says '(forked)' err
  says 'multiprocessing' err
  exact err
  [ "$(find workers -name '*.gcrec' | wc -l)" -ge 12 ] || fail "there are processes without a recording"
  # One that forks wildly: the first are recorded, the others counted, and none of them says a word.
  wild='
import gc, os, time
for _ in range(30):
    if os.fork() == 0:
        kept = [[i] for i in range(2000)]
        gc.collect()
        print(len(kept), flush=True)
        os._exit(0)
    os.wait()'
  for kind in '' --pauses; do
    rm -rf wild
    expect 0 "$gclab" record $kind --processes 10 -o wild -- "$python" -c "$wild"
    [ "$(grep -c '^2000$' out)" = 30 ] && [ "$(wc -l <out)" = 30 ] || fail "the program is disturbed: $(cat out)"
    [ "$(find wild -name '*.gcrec' | wc -l)" = 10 ] || fail "$(find wild -name '*.gcrec' | wc -l) recordings"
    says 'not recorded: 21 processes of 31' err
    lacks 'is not recorded' err
  done
  ;;
nothing)
  expect 4 "$gclab" record -- true
  says "no Python process of 'true'" err
  expect 4 "$gclab" record -- "$python" -I -c 'print(1)'
  says 'PYTHONPATH' err
  expect 4 "$gclab" record -- no-such-program
  says 'no-such-program cannot be run' err
  expect 2 "$gclab" record
  says 'gclab record -- python3 app.py' err
  expect 2 "$gclab" record --thresholds 1,x -- "$python" -c ''
  says "'1,x' are no thresholds" err
  expect 4 "$gclab" tune -- "$python" -I -c ''
  says 'PYTHONPATH' err
  ;;
damaged)
  expect 4 "$gclab" record --show nowhere
  says 'nowhere' err
  mkdir empty
  expect 4 "$gclab" record --show empty
  says 'no recording in it' err
  echo text >text.gcrec
  expect 4 "$gclab" record --show text.gcrec
  says 'text.gcrec is no recording' err
  mkdir mixed && head -c 4096 /dev/zero >mixed/1-0.gcrec
  expect 4 "$gclab" record --show mixed
  says 'mixed/1-0.gcrec is no recording' err
  "$gclab" record -o mixed -- "$python" -c '' 2>/dev/null
  cp mixed-2/*.gcrec mixed/
  expect 0 "$gclab" record --show mixed
  says 'without a header: 1 files' out
  "$gclab" record -o good -- "$python" "$programs/cyclic.py" 5 >/dev/null 2>&1
  file=$(echo good/*.gcrec)
  size=$(stat -c %s "$file")
  for at in 8 16 24 64 100 4096 4097 5000 $((size / 2)) $((size - 3)); do
    cp "$file" broken.gcrec
    printf '\377\377\377' | dd of=broken.gcrec bs=1 seek="$at" conv=notrunc status=none
    "$gclab" tune --rounds 0 --recording broken.gcrec >out 2>err
    code=$?
    [ $code -eq 0 ] || [ $code -eq 4 ] || fail "with byte $at changed the exit code is $code: $(cat err)"
    [ $code -eq 0 ] || says broken.gcrec err
  done
  head -c $((size / 2)) "$file" >short.gcrec
  expect 4 "$gclab" tune --rounds 0 --recording short.gcrec
  says 'shorter than its header says' err
  ;;
tune)
  expect 0 "$gclab" tune --rounds 2 --try 2000 --try 10000,5,5 --json -- "$python" "$programs/cyclic.py" 400
  cp out tuned.json
  python3 - <<'PYTHON' || fail "the predictions are not what was measured: $(cat tuned.json)"
import json
tuned = json.load(open("tuned.json"))
assert tuned["settings_predicted"] > 1000 and tuned["rounds"] == 2, tuned
settings = {tuple(s["thresholds"]): s for s in tuned["settings"]}
assert (700, 10, 10) in settings and (2000, 10, 10) in settings and (10000, 5, 5) in settings
for thresholds, setting in settings.items():
    predicted, measured = setting["predicted"]["collections"], setting["measured"]["collections"]
    assert abs(predicted[0] - measured[0]) <= max(2, 0.06 * measured[0]), (thresholds, predicted, measured)
    assert abs(predicted[1] - measured[1]) <= max(1, 0.06 * measured[1]), (thresholds, predicted, measured)
    assert abs(predicted[2] - measured[2]) <= max(1, 0.1 * measured[2]), (thresholds, predicted, measured)
    assert len(setting["measured"]["wall_ns"]["values"]) == 2
PYTHON
  recording=$(jq -r .recording tuned.json)
  expect 0 "$gclab" tune --rounds 0 --recording "$recording"
  says 'the default' out
  says 'not verified' out
  expect 0 "$gclab" tune --rounds 0 --goal max-pause --memory any --longest-pause any --recording "$recording"
  expect 0 "$gclab" tune --rounds 0 --startup 1ms --try 2000 --json --recording "$recording"
  [ "$(jq .settings_predicted out)" -gt 2500 ] || fail "gc.freeze() is not predicted: $(cat out)"
  expect 0 "$gclab" tune --rounds 0 --startup 1h --recording "$recording"
  says 'no collection after --startup' err
  expect 2 "$gclab" tune --goal speed --recording "$recording"
  says "'speed' is none of gc-time, max-pause and p99-pause" err
  expect 2 "$gclab" tune --memory little --recording "$recording"
  says "'little' is no ratio" err
  expect 2 "$gclab" tune
  ;;
unwilling)
  # Sets thresholds itself: they are held, and it is said.
  expect 0 "$gclab" record -- "$python" -c '
import gc
gc.set_threshold(100, 5, 5)
kept = [[i] for i in range(2000)]'
  says 'calls gc.set_threshold' err
  exact err
  # No collection at all.
  expect 0 "$gclab" tune -- "$python" -c 'import os; os._exit(0)'
  says 'there was no collection' err
  # Fails, and otherwise than it did while it was recorded.
  expect 3 "$gclab" tune --rounds 2 -- "$python" -c '
import os, sys
kept = [[i] for i in range(5000)]
sys.exit(0 if os.environ.get("GCLAB_RECORD_KIND") == "objects" else 5)'
  says 'ended with exit code 5 at' err
  # Hangs: what was recorded is kept.
  expect 3 "$gclab" tune -o hung --time-limit 2s -- "$python" -c '
import time
kept = [[i] for i in range(5000)]
time.sleep(1000)'
  says 'was killed; what was recorded is in hung' err
  expect 0 "$gclab" tune --rounds 0 --recording hung
  says 'the default' out
  # A server is stopped, and that is no failure.
  expect 0 "$gclab" tune -o served --for 2s --rounds 1 -- "$python" -c '
import time
kept = [[i] for i in range(20000)]
time.sleep(1000)'
  says 'measured' out
  ;;
*) echo "unknown case $2"; exit 2 ;;
esac
