export AWS_REGION="$region" AWS_DEFAULT_REGION="$region" AWS_PAGER=
check='' yes='' said='' doing='the guards'
scratch="$(mktemp -d)"
trap 'rm -rf -- "$scratch"' EXIT
trap 'printf "\nStopped in: %s\nWhat came before it is done. Run this file again to go on.\n" "$doing" >&2' ERR

stop() {
  printf 'Not done: %s\n' "$1" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case "$1" in
    --check) check=yes ;;
    --yes) yes=yes ;;
    --account) said="${2:-}"; shift ;;
    *) stop "unknown word $1; known are --check, --yes and --account NUMBER" ;;
  esac
  shift
done

# Does what changes something; with --check prints it instead.
run() {
  if [ -n "$check" ]; then
    printf '    would run:'; printf ' %q' "$@"; printf '\n'
  else
    "$@" >"$scratch/output"
  fi
}

# The answer of a reading call; with --check it may not be known yet.
known() {
  if [ -n "$check" ]; then "$@" 2>"$scratch/error" || printf 'known-after-apply'; else "$@"; fi
}

# A new role is not seen everywhere at once: the same call is made again, for two minutes.
retried() {
  local tries=0
  until "$@" 2>"$scratch/error"; do
    tries=$((tries + 1))
    if [ "$tries" -ge 24 ] || ! grep -Eq 'invalid principal|could not be found|does not exist' "$scratch/error"; then
      cat "$scratch/error" >&2
      return 1
    fi
    sleep 5
  done
}

# Only "there is no such thing" is absence: a denial or a broken line is neither yes nor no.
absent() {
  grep -q -- "$1" "$scratch/error" && return
  cat "$scratch/error" >&2
  stop "cannot look ($doing)"
}

# What exists is touched if it is this stack's, or if the plan says that it is taken over.
ours() {
  if [ "$2" = "$stack" ] || [ "$3" = adopted ]; then return; fi
  stop "$1 exists and is not of stack $stack (its tag says: $2). Nothing of it was changed."
}

step() {
  doing="$1"
  printf '%s\n' "-- $1"
}

needs() {
  command -v "$1" >/dev/null || stop "$1 is not installed"
}

right_account() {
  local found
  found="$(aws sts get-caller-identity --query Account --output text)"
  [ "$found" = "$account" ] || stop "these credentials are of account $found, and this is for $account"
}

cluster_active() {
  local status
  status="$(aws eks describe-cluster --name "$cluster" --query cluster.status --output text)"
  [ "$status" = ACTIVE ] || stop "cluster $cluster is $status, not ACTIVE"
}

# A kubeconfig of its own: yours is neither read nor written.
kubernetes_access() {
  aws eks update-kubeconfig --name "$cluster" --kubeconfig "$scratch/kubeconfig" >"$scratch/output"
  k8s auth can-i create rolebindings --all-namespaces >"$scratch/output" 2>&1 ||
    stop "you may not give rights in cluster $cluster: $(head -n 1 "$scratch/output")"
}

k8s() {
  kubectl --kubeconfig "$scratch/kubeconfig" "$@"
}

# Says what may break somebody, before the question.
agree() {
  printf '!  %s\n' "$1"
}

ask() {
  if [ -n "$check" ]; then return; fi
  if [ -n "$yes" ]; then
    [ "$said" = "$account" ] || stop "--yes needs --account $account"
    return
  fi
  [ -t 0 ] || stop "there is no terminal to ask in: add --yes --account $account"
  printf 'Make %s changes in account %s, %s? Type its last four digits: ' "$1" "$account" "$region"
  read -r said
  [ "$said" = "${account: -4}" ] || stop "those are not its last four digits"
}

finished() {
  if [ -n "$check" ]; then printf 'Nothing was changed.\n'; return; fi
  printf 'Done. %s\n' "$1"
}
