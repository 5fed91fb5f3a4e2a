# Set-up that the scripts share: GCLAB in a directory of its own, with copies of the fake trial program as collectors.
set -u
gclab=$1
fake=$2
work=$(mktemp -d /tmp/gclab-test-XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
cp "$gclab" "$work/bin/gclab"
for name in none alpha beta; do cp "$fake" "$work/bin/gclab-trial-$name"; done
gclab=$work/bin/gclab
unset GCLAB_TRIAL_PATH GCLAB_STORE GCLAB_PLAN_PATH
export GCLAB_STORE=$work/store.sqlite

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# Processes of this test's trial programs.
trials_alive() {
  local count=0 exe
  for exe in /proc/[0-9]*/exe; do
    case $(readlink "$exe" 2>/dev/null) in "$work"/bin/gclab-trial-*) count=$((count + 1)) ;; esac
  done
  echo $count
}

trial_ids() { # [gclab export options]
  "$gclab" export "$@" | tail -n +2 | cut -d, -f3 | sort
}
