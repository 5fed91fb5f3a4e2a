# Completion of `gclab` for bash.  Names come from `gclab list --names`, so they are those of this installation.
# Options come from `gclab COMMAND --help`.  Works with and without the bash-completion package.

# _gclab_names KIND: collectors, workloads, plans, figures, knobs or parameters.
_gclab_names() {
  "$_gclab_program" list "$1" --names 2>/dev/null
}

_gclab_options() {
  "$_gclab_program" "$1" --help 2>/dev/null | grep -oE -- '(^|[ ,])--?[[:alpha:]?][[:alnum:]-]*=?' | tr -d ' ,' | sort -u
}

_gclab_commands() {
  "$_gclab_program" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# _gclab_reply WORDS PREFIX CURRENT: words that begin with CURRENT, each with PREFIX in front; no blank after one that
# ends in '=', so that its value can follow.
_gclab_reply() {
  local IFS=$'\n'
  COMPREPLY=($(compgen -P "$2" -W "$1" -- "$3"))
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}

# The last of a list with commas.
_gclab_reply_list() {
  local prefix=
  [[ $2 == *,* ]] && prefix=${2%,*},
  _gclab_reply "$1" "$prefix" "${2##*,}"
}

# The value of an option that takes one.  False where it takes none that is known.
_gclab_value() {
  case $1 in
    -c | --collector | --baseline) _gclab_reply_list "$(_gclab_names collectors; printf '%s\n' all own peers)" "$2" ;;
    -w | --workload) _gclab_reply_list "$(_gclab_names workloads; echo all)" "$2" ;;
    -s | --set) [[ $2 == *=* ]] || _gclab_reply "$(_gclab_names knobs | sort -u | sed 's/$/=/')" "" "$2" ;;
    -p | --param) [[ $2 == *=* ]] || _gclab_reply "$(_gclab_names parameters | sort -u | sed 's/$/=/')" "" "$2" ;;
    -a | --allocator) _gclab_reply_list $'jemalloc\nglibc\nmimalloc\ntcmalloc\nblocks\nall' "$2" ;;
    --size) if [[ $command == micro ]]; then _gclab_reply $'default\nsmall\nfull' "" "$2"; else _gclab_reply $'default\nsmall\nlarge' "" "$2"; fi ;;
    -m | --metric) _gclab_reply_list "$(_gclab_names metrics; echo all)" "$2" ;;
    --color) _gclab_reply $'auto\nalways\nnever' "" "$2" ;;
    --format) _gclab_reply_list $'svg\npng\npdf\ncsv\njson\ngbench\nlines\nmarkdown\ntable' "$2" ;;
    --store | --out | --output | --deaths | --keep-deaths | --pack | --unpack | --observe | --on-python | --shrink | --expect | --renew) COMPREPLY=($(compgen -f -- "$2")) && compopt -o filenames 2>/dev/null ;;
    --blocks | --attempts | --precision | --budget | --process | --seed | --time-limit | --memory-limit | --name | --description | --campaign | --title | --for | --programs | --operations | --phase | --band | --level | --fail-above | -f | --filter | --repetitions | --min-time) ;;
    *) return 1 ;;
  esac
  return 0
}

_gclab() {
  local _gclab_program=${COMP_WORDS[0]/#\~/$HOME} command= current before i
  COMPREPLY=()
  # The words as typed: '=' and ':' split words in COMP_WORDS, which is of no use here.
  local line=${COMP_LINE:0:COMP_POINT}
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local last=$((${#words[@]} - 1))
  current=${words[last]}
  before=${words[last - 1]}
  for ((i = 1; i < last; i++)); do
    [[ ${words[i]} != -* ]] && command=${words[i]} && break
  done

  if [[ -z $command ]]; then
    _gclab_reply "$(_gclab_commands; printf '%s\n' --help --version)" "" "$current"
  elif [[ $current == --*=* ]]; then
    _gclab_value "${current%%=*}" "${current#*=}"
  elif _gclab_value "$before" "$current"; then
    :
  elif [[ $current == -* ]]; then
    _gclab_reply "$(_gclab_options "$command")" "" "$current"
  else
    case $command in
      help) _gclab_reply "$(_gclab_commands)" "" "$current" ;;
      run) _gclab_reply "$(_gclab_names plans)" "" "$current"
           COMPREPLY+=($(compgen -f -X '!*.yaml' -- "$current")) ;;
      replay) COMPREPLY=($(compgen -f -- "$current")) && compopt -o filenames 2>/dev/null ;;
      script | explain) COMPREPLY=($(compgen -f -X '!*.heap' -- "$current")) ;;
      compare) _gclab_reply "$(_gclab_names collectors)" "" "$current"
               COMPREPLY+=($(compgen -f -X '!*.sqlite' -- "$current")) ;;
      plot) _gclab_reply "$(_gclab_names figures)" "" "$current" ;;
      list) _gclab_reply "$(printf '%s\n' collectors workloads plans figures metrics
                            for kind in collectors workloads plans figures metrics; do _gclab_names $kind; done)" "" "$current" ;;
    esac
  fi
}

complete -F _gclab gclab
