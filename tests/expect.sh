# What test scripts share that look at one command's output after the other; to be read in with `.`, under set -eu.

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# expect STATUS COMMAND...: standard output and error go to out and err.
expect() {
  wanted=$1
  shift
  status=0
  "$@" >out 2>err || status=$?
  [ "$status" = "$wanted" ] || fail "'$*' ended with $status, not $wanted: $(cat out err)"
}

# says TEXT FILE: the text is in it, literally.
says() { grep -qF -- "$1" "$2" || fail "$2 does not say '$1': $(cat "$2")"; }
