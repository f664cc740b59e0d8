#!/usr/bin/env bash
# Tries a device on a machine that has its driver and nothing else: the tests that hold it against the processor, then
# the benchmark of a training step. Lies beside the pieces that pack.mjs made.
#
#     bash run.sh [--device cuda:0] [--out REPORT] [--model minilm] [--patience 1]
#
# The parts of the tests run at the same time, in a process and with a log each; the benchmarks after them, each alone.
# Each part has a limit, which --patience multiplies: a driver in software takes longer than a card.
# Writes report.md and report.json. Fails where a test does, or a part takes too long. FOLDWISE_PYTHON names a Python
# with PyTorch to compare with.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
device=cuda:0 out="$here/report" models=(minilm deberta-v3-base) patience=1
while [ $# -gt 0 ]; do
  case "$1" in
    --device) device=$2 ;;
    --out) out=$2 ;;
    --model) models=("$2") ;;
    --patience) patience=$2 ;;
    *) echo "unknown option $1; expected --device, --out, --model or --patience" >&2; exit 2 ;;
  esac
  shift 2
done
mkdir -p "$out"
out=$(cd "$out" && pwd)

# The pieces, each checked, then joined: what is joined of right pieces is right.
(cd "$here" && sha256sum --quiet -c SHA256SUMS) || { echo 'A piece is missing or damaged: carry it here again.' >&2; exit 2; }
unpack() { # archive, folder
  [ ! -d "$here/$2" ] || return 0
  local joined="$here/$1.joined"
  cat "$here/$1" 2> /dev/null > "$joined" || cat "$here/$1".[0-9][0-9] > "$joined" || return 1
  mkdir -p "$here/$2.part"
  tar -C "$here/$2.part" -xf "$joined" 2> /dev/null ||
    python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$joined" "$here/$2.part" ||
    { echo "$1 cannot be unpacked: this takes tar with xz, or Python 3." >&2; return 1; }
  mv "$here/$2.part/$2" "$here/$2" && rm -rf "$joined" "$here/$2.part"
}
unpack foldwise.tar.xz foldwise || exit 2
if [ -e "$here/cuda.tar.gz" ] || [ -e "$here/cuda.tar.gz.00" ]; then unpack cuda.tar.gz cuda || exit 2; fi

root="$here/foldwise" node="$here/foldwise/bin/node"
[ ! -d "$here/cuda" ] || export FOLDWISE_CUDA="$here/cuda"
export FOLDWISE_TEST_DEVICES="$device" HOME="${HOME:-$here/home}" NO_COLOR=1
python=${FOLDWISE_PYTHON:-python3}
# CUDA's libraries and cuDNN, which PyTorch's wheels bring.
wheels=$("$python" -c 'import glob, site; print(":".join(p for s in site.getsitepackages() for p in glob.glob(s + "/nvidia/*/lib")))' 2> /dev/null)
[ -z "$wheels" ] || export LD_LIBRARY_PATH="$wheels${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

rm -f "$out"/*.json "$out"/*.log "$out"/*.part "$out/parts"
names=()
# Each has a limit of its own, so that one that is stuck leaves the rest as they are.
part() { # kind, name, seconds, command …
  local kind=$1 name=$2 limit=$(($3 * patience))
  shift 3
  names+=("$name")
  echo "== $name"
  (
    started=$SECONDS code=0
    (cd "$root" && exec timeout --kill-after=10 "$limit" "$@") > "$out/$name.log" 2>&1 &
    trap "kill $! 2> /dev/null" TERM
    wait $! || code=$?
    printf '%s %s %s %s %s\n' "$kind" "$name" "$code" "$((SECONDS - started))" "$limit" > "$out/$name.part"
  ) &
}
trap 'kill $(jobs -p) 2> /dev/null; exit 130' INT TERM
tests() { # name, seconds, files …
  local name=$1 limit=$2
  shift 2
  part tests "$name" "$limit" "$node" node_modules/vitest/vitest.mjs run --config bench/gpu/vitest.config.mjs \
    --reporter=default --reporter=json --outputFile.json="$out/$name.json" "$@"
}
tests ops 120 test/engine/ops/ops.test.ts
tests device 180 test/engine/device/device.test.ts test/engine/device/resident test/engine/device/webgpu
tests libraries 120 test/engine/device/cuda test/engine/device/choice.test.ts
tests models 120 test/engine/models/on-devices.test.ts
tests precision 120 test/engine/precision test/engine/training/fold-in-float16.test.ts \
  test/engine/training/precision-curves.test.ts
tests folds 180 test/engine/training/fold-on-devices.test.ts
tests scoring 60 test/engine/inference/text-scorer.test.ts
wait
for model in "${models[@]}"; do
  part bench "step-$model" 90 sh -c '"$@" > "$0"' "$out/step-$model.json" \
    "$node" dist/bench/gpu/main.js step --device "$device" --model "$model" --python "$python" --json
  wait
done
failed=0
for name in "${names[@]}"; do
  read -r kind _ code _ < "$out/$name.part"
  cat "$out/$name.part" >> "$out/parts"
  [ "$code" -ne 0 ] || continue
  echo "== $name: exit code $code"
  tail -n 15 "$out/$name.log"
  [ "$kind" != tests ] || failed=1
done
rm -f "$out"/*.part
"$node" "$here/report.mjs" "$out" "$device" || failed=1
exit "$failed"
