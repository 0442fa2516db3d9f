#!/bin/bash
# Checks the Spin models of the core's protocols, exhaustively.
#
#   core/test/models/run.sh short [MODEL...]     small bounds, in about two minutes
#   core/test/models/run.sh long [MODEL...]      larger bounds, some minutes a model
#   core/test/models/run.sh mutants [MODEL...]   each protocol with a step dropped or swapped: an
#                                                error must be found in every one
#
# A model says in its opening comment how it is run:
#
#   short: FLAGS      one run with these macros (as many such lines as there are runs)
#   long: FLAGS       likewise; the long form runs these, or the short ones where there are none
#   mutants: A B      -DMUTANT_A breaks the protocol; must be found with the flags of a short run,
#   hunt: FLAGS       or with these, which only the mutants are tried with
#
# A line of a model that ends in "covered" must be reached in one of its runs.
#
# Two models are checked at once, the largest first.
set -u
cd "$(dirname "$0")/../../.." || exit 1

form=${1:-short}
shift
models=core/test/models
out=build/models
jobs=2
memory=4000 # MB, of each
depth=1000000
passed=0
failed=0

# Seconds of a processor that a run may take, and how the checker is compiled. Most short runs are over before the
# compiler would be with -O2. The long ones have many states: compressed, in a larger table.
compiler=(-Og)
table=24
case $form in
short) limit=400 ;;
long)
  limit=1500
  memory=6000
  compiler=(-O2 -DCOLLAPSE)
  table=26
  ;;
mutants) limit=300 ;;
*)
  echo "usage: $0 short|long|mutants [MODEL...]" >&2
  exit 2
  ;;
esac

# lines MODEL WORD: what follows WORD in the model's opening comment, a line each
lines() {
  sed -n "/\*\//q;s/^ \* $2: *//p" "$models/$1.pml"
}

# check MODEL FLAGS: 0 = no error, 1 = an error was found, 2 = could not be run to its end.
# Leaves the figures in $states and the unreached lines in $out/MODEL/unreached
check() {
  local folder=$out/$1 flags
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$models/$1.pml" "$folder/"
  read -ra flags <<<"$2"
  states=0
  (cd "$folder" && spin -a "${flags[@]}" "$1.pml" >spin.out 2>&1 &&
    gcc "${compiler[@]}" -w -DSAFETY -DNFAIR=1 -DVECTORSZ=2048 -DMEMLIM=$memory -o pan pan.c) >"$folder/build.out" 2>&1 ||
    return 2
  (cd "$folder" && ulimit -t $limit && ./pan -w$table -m$depth >pan.out 2>&1)
  states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$folder/pan.out" | head -1)
  sed -n "s/^.*$1\.pml:\([0-9]*\), state.*/\1/p" "$folder/pan.out" | sort -un >"$folder/unreached"
  if grep -q 'errors: [1-9]' "$folder/pan.out"; then
    return 1
  fi
  if grep -q 'errors: 0' "$folder/pan.out" &&
    ! grep -Eq 'Search not completed|max search depth too small|out of memory|memory limit' "$folder/pan.out"; then
    return 0
  fi
  return 2
}

# verify MODEL
verify() {
  local model=$1 flags runs=0 total=0 result good=1 missed started=$SECONDS
  local all=$out/$model.unreached
  mkdir -p $out
  while read -r flags; do
    check "$model" "$flags"
    result=$?
    if ((result != 0)); then
      good=0
      if ((result == 1)); then
        echo "  $model $flags: $(grep -m1 '^pan:1' "$out/$model/pan.out"); replay: cd $out/$model && spin -t -p $flags $model.pml"
        return 1
      fi
      echo "  $model $flags: did not come to an end; see $out/$model/"
    fi
    if ((runs == 0)); then
      cp "$out/$model/unreached" "$all"
    else
      comm -12 <(sort "$all") <(sort "$out/$model/unreached") >"$all.both"
      mv "$all.both" "$all"
    fi
    runs=$((runs + 1))
    total=$(awk -v a="$total" -v b="${states:-0}" 'BEGIN { printf "%.0f", a + b }')
  done < <(runs_of "$model")
  missed=$(comm -12 <(sort "$all") <(grep -n 'covered \*/$' "$models/$model.pml" | cut -d: -f1 | sort))
  if [[ -n $missed ]]; then
    echo "  $model: never reached: lines" $missed
    good=0
  fi
  printf '%-14s %2d runs %11s states %4d s  %s\n' "$model" "$runs" "$total" $((SECONDS - started)) \
    "$( ((good)) && echo ok || echo FAILED)"
  ((good))
}

runs_of() {
  local found
  found=$(lines "$1" "$form")
  if [[ -z $found ]]; then
    found=$(lines "$1" short)
  fi
  echo "$found"
}

# mutate MODEL: each mutant is a test
mutate() {
  local model=$1 mutant flags found result
  for mutant in $(lines "$model" mutants); do
    found=
    while read -r flags; do
      check "$model" "$flags -DMUTANT_$mutant"
      result=$?
      if ((result == 1)); then
        found=$(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' "$out/$model/pan.out" | head -1)
        break
      fi
      if ((result == 2)); then
        echo "  $model $mutant: did not come to an end"
      fi
    done < <(
      lines "$model" short
      lines "$model" hunt
    )
    if [[ -n $found ]]; then
      passed=$((passed + 1))
      printf '%-14s %-24s found: %s\n' "$model" "$mutant" "${found:0:60}"
    else
      failed=$((failed + 1))
      survivors+=("$model:$mutant")
      printf '%-14s %-24s SURVIVED\n' "$model" "$mutant"
    fi
  done
}

survivors=()
if (($# == 0)); then
  set -- $(cd $models && ls -S -- *.pml | sed 's/\.pml$//')
fi
if (($# > 1)); then
  # Each by this script, what it says kept together. Its last lines are the count.
  mkdir -p $out/reports
  rm -f $out/reports/*
  printf '%s\n' "$@" | xargs -P $jobs -I{} bash -c \
    'core/test/models/run.sh "$0" "$1" >"$2/$1" 2>&1; sed "/^\(survivors\|models\): /d" "$2/$1"' \
    "$form" {} $out/reports
  if [[ $form == mutants ]]; then
    echo "survivors:" $(sed -n 's/^survivors: //p' $out/reports/* | grep -v '^none$' || echo none)
  fi
  for model in "$@"; do
    if [[ $(tail -n 1 "$out/reports/$model") =~ ^models:\ ([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
      passed=$((passed + BASH_REMATCH[1]))
      failed=$((failed + BASH_REMATCH[2]))
    else
      echo "  $model: died"
      failed=$((failed + 1))
    fi
  done
else
  if [[ $form == mutants ]]; then
    mutate "$1"
    echo "survivors: ${survivors[*]:-none}"
  elif verify "$1"; then
    passed=1
  else
    failed=1
  fi
fi
echo "models: $passed passed, $failed failed"
((failed == 0))
