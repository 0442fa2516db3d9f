#!/bin/bash
# Has somebody died at every step? Compares the steps in the sources with those at which a crash
# test killed somebody; fails for each that no scenario gets to.
#
#   core/test/crash/steps.sh FILE    the output of all crash tests, run with the argument "steps"
#
# Whose step it is: a "*.recover" and a "burial" step is taken by a burier only, and so has to be
# reached by one; those in `both` are taken by users and by buriers, and have to be reached by both;
# all others by a victim, but for those in `buriers`.
set -u -o pipefail
reached=$(realpath "$1") || exit 1
cd "$(dirname "$0")/../../.." || exit 1

both=(
  "event.signal: waiters' bit taken away" "ring.flag: set" "rpc.call: freed" "rpc.call: told"
  "rpc.give up: abandoned" "rpc.give up: cancelled" "rpc.give up: lost" "slab.release: let go"
  "table.clear: held" "table.clear: let go" "table.follow: set" "table.insert: finished"
  "table.insert: withdrawn"
)

# Taken by a burier alone, except where the space or an object is poisoned or closed (its author's
# death there is the next one's to make good by closing again), or where two meet, who live.
buriers=(
  "lock.flag: set"                  # poison, and the close of a space
  "lock.wake: value changed"        # likewise, and burials
  "lock.wake: all woken"            # likewise
  "mutex.wake: waiters unmarked"    # likewise
  "mutex.wake: all woken"           # likewise
  "message.let_go: one let go"      # of a ring that goes, or that nobody reads any more
  "message.settle: one let go"      # a part of every burial
  "table.look: tentative"           # a look writes nothing; the two steps are for interleavings.c
  "table.look: not named"           # likewise
)

# Never reached, and why that does no harm.
unreached=(
)

# NAME LIST...: is it in the list?
among() {
  local name=$1 one
  shift
  for one; do
    [[ $one == "$name" ]] && return 0
  done
  return 1
}

mapfile -t steps < <(grep -oh 'SLUICE_STEP("[^"]*")' core/src/*.[ch] |
  sed 's/^SLUICE_STEP("\(.*\)")$/\1/' | sort -u)
mapfile -t victims < <(sed -n 's/^step: victim: //p' "$reached")
mapfile -t buriers_at < <(sed -n 's/^step: burier: //p' "$reached")
# Each step once, its name in the same line: else one that is reached would stand for another.
written=$(grep -h 'SLUICE_STEP(' core/src/*.[ch] | grep -vc '^#define ')
((written == ${#steps[@]})) || {
  echo "steps: $written are written in core/src, and ${#steps[@]} names are known"
  exit 1
}
((${#steps[@]} > 0 && ${#victims[@]} > 0 && ${#buriers_at[@]} > 0)) || exit 1

failed=0
missing() {
  echo "steps: no $1 died at \"$2\""
  failed=$((failed + 1))
}

for step in "${steps[@]}"; do
  among "$step" "${unreached[@]}" && continue
  by_burier=0
  by_victim=1
  if [[ $step == *.recover:* || $step == burial:* ]] || among "$step" "${buriers[@]}"; then
    by_burier=1
    by_victim=0
  elif among "$step" "${both[@]}"; then
    by_burier=1
  fi
  if ((by_victim)) && ! among "$step" "${victims[@]}"; then
    missing victim "$step"
  fi
  if ((by_burier)) && ! among "$step" "${buriers_at[@]}"; then
    missing burier "$step"
  fi
done

# What the lists name must be there.
for step in "${both[@]}" "${buriers[@]}" "${unreached[@]}"; do
  if ! among "$step" "${steps[@]}"; then
    echo "steps: \"$step\" is no step any more"
    failed=$((failed + 1))
  fi
done

((failed == 0)) && echo "crash: somebody died at each of the ${#steps[@]} steps in core/src"
