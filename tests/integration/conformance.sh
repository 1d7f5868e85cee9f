#!/bin/bash
# Models against their reference outputs, and what the model commands say to bad input.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
gainsay=${GAINSAY_BUILD:-build}/gainsay
data=${GAINSAY_DATA:-../shared/data}
if [[ ! -d $data/models ]]; then
	echo "skipped: no models under $data (set GAINSAY_DATA)"
	exit 77
fi
. tests/support/check.sh

# refuses NAME PATTERN COMMAND...: exit status neither 0 nor a crash, one line on stderr, with the pattern in it.
refuses() {
	local name=$1 pattern=$2 status
	shift 2
	timeout 600 "$@" >"$work/out" 2>"$work/err"
	status=$?
	if ((status == 0 || status >= 124)) || [[ $(wc -l <"$work/err") != 1 ]] || ! grep -q -- "$pattern" "$work/err"; then
		echo "$name: status $status: $(cat "$work/err")"
		check "$name" 1
	else
		check "$name" 0
	fi
}

# --- reference outputs ---
for model in onnxmlir_mnist onnxmltools_xgb wonnx_opt-mnist rand_mlp_risk super_resolution squeezenet_fp16 vespa_random_encoder; do
	"$gainsay" conformance "$data/models/$model" >"$work/out"
	check "conformance $model" $?
	grep -q "^PASS $model ok$" "$work/out"
	check "conformance $model passes" $?
done
if [[ -d $data/onnx-backend ]]; then
	"$gainsay" conformance "$data/onnx-backend" >"$work/out"
	check "conformance onnx-backend has no failure" $?
	tail -n 1 "$work/out" | grep -Eq '^[0-9]+ passed, 0 failed, [0-9]+ refused$'
	check "conformance onnx-backend sums up" $?
	(($(grep -c ^PASS "$work/out") >= 500))
	check "conformance onnx-backend passes 500 cases" $?
	! grep -Evq '^(PASS \S+ ok|REFUSED \S+ (malformed|operator|form|data_type|not_static|too_big|string|sequence|data_shape|random|training|control_flow|image)|refused as [a-z_]+: [0-9]+|[0-9]+ passed.*)$' "$work/out"
	check "conformance keeps to its list of reasons" $?
	(($(awk '/^refused as / { n += $4 } END { print n + 0 }' "$work/out") == $(grep -c ^REFUSED "$work/out")))
	check "conformance counts every refusal under a reason" $?
fi

# --- one model through every command ---
mnist=$data/models/wonnx_opt-mnist
model=$data/models/rand_mlp_risk
set -- "$model"/test_data_set_0/input_*.pb
inputs=()
for file; do inputs+=(--input "$file"); done
"$gainsay" infer "$model/model.onnx" "${inputs[@]}" --threads 2 --repeat 3 --output-dir "$work" --json >"$work/infer.json"
check "infer" $?
"$gainsay" program "$model/model.onnx" --output "$work/p.gsp" --json >"$work/program.json"
check "program" $?
/usr/bin/python3 - "$work" <<'P'
import json, sys
d = sys.argv[1]
i, p = json.load(open(d + "/infer.json")), json.load(open(d + "/program.json"))
assert i["modelId"] == p["modelId"], "one model, two identities"
assert i["min_ms"] <= i["median_ms"] and i["repeat"] == 3
assert p["instructions"] > 0 and p["steps"] > p["instructions"] and len(p["programRoot"]) == 66
assert all(o["values"] for o in i["outputs"])
P
check "infer and program agree" $?
"$gainsay" infer "$work/p.gsp" "${inputs[@]}" --json >"$work/again.json"
check "infer of the program file" $?
[[ $(grep outputRoot "$work/infer.json") == "$(grep outputRoot "$work/again.json")" ]]
check "the program file gives the same root" $?
# several sets as a batch: each has what it has alone, in the order given; a set of another shape is named
sets=$work/sets
mkdir -p "$sets" "$work/out_of_sets" "$work/other/test_data_set_3"
/usr/bin/python3 - "$model/test_data_set_0/input_0.pb" "$sets" <<'P'
import os, sys
b = bytearray(open(sys.argv[1], "rb").read())
for i in (0, 1, 2, 10):
    os.makedirs(f"{sys.argv[2]}/test_data_set_{i}")
    b[-1] ^= 0x80  # the sign of the last value; the second bit from below changes the others
    b[-5] ^= i
    open(f"{sys.argv[2]}/test_data_set_{i}/input_0.pb", "wb").write(b)
P
for threads in 1 2 3; do
	"$gainsay" infer "$model/model.onnx" --inputs "$sets" --inputs "$model/test_data_set_0" --threads "$threads" --repeat 2 --output-dir "$work/out_of_sets" --json >"$work/sets.json"
	check "infer of five sets by $threads threads" $?
	for s in "$sets"/test_data_set_{0,1,2,10} "$model/test_data_set_0"; do
		"$gainsay" infer "$model/model.onnx" --input "$s/input_0.pb" --json
	done >"$work/alone.json"
	/usr/bin/python3 - "$work" <<'P'
import json, sys
d = sys.argv[1]
batch, alone = json.load(open(d + "/sets.json")), []
text = open(d + "/alone.json").read()
while text.strip():
    one, end = json.JSONDecoder().raw_decode(text.lstrip())
    alone.append(one)
    text = text.lstrip()[end:]
assert len(batch["sets"]) == len(alone) == 5 and batch["inferences_per_second"] > 0
for b, a in zip(batch["sets"], alone):
    assert [b[k] for k in ("inputRoot", "outputRoot", "outputs")] == [a[k] for k in ("inputRoot", "outputRoot", "outputs")], b["inputs"]
assert len({b["outputRoot"] for b in batch["sets"]}) >= 3
P
	check "each set by $threads threads is as it is alone" $?
done
cmp -s "$work/out_of_sets/test_data_set_4/output_0.npy" "$work/output_0.npy"
check "outputs of a set are written" $?
cp "$mnist/test_data_set_0/input_0.pb" "$work/other/test_data_set_3/"
refuses "a set of another shape" "test_data_set_3: input .* takes" "$gainsay" infer "$model/model.onnx" --inputs "$sets" --inputs "$work/other"
refuses "a folder without inputs" "holds neither" "$gainsay" infer "$model/model.onnx" --inputs "$work/out_of_sets/test_data_set_0"
refuses "no such folder" "No such file" "$gainsay" infer "$model/model.onnx" --inputs "$work/nowhere"
refuses "a set and an input" "leave --input" "$gainsay" infer "$model/model.onnx" --inputs "$sets" --input "$mnist/test_data_set_0/input_0.pb"
# the written output is what the reference says: a data set made of it passes, one with a flipped bit does not
mkdir -p "$work/case/test_data_set_0"
cp "$model/model.onnx" "$work/case/"
cp "$model"/test_data_set_0/input_*.pb "$work/case/test_data_set_0/"
cp "$work/output_0.pb" "$work/case/test_data_set_0/"
"$gainsay" conformance "$work/case" >/dev/null
check "own output as reference" $?
/usr/bin/python3 - "$work/case/test_data_set_0/output_0.pb" <<'P'
import sys
b = bytearray(open(sys.argv[1], "rb").read())
b[-1] ^= 0x80  # the sign of the last value
open(sys.argv[1], "wb").write(b)
P
! "$gainsay" conformance "$work/case" >"$work/out"
check "a wrong reference fails" $?
grep -q "^FAIL case value$" "$work/out"
check "a wrong reference is a value failure" $?

# --- bad input ---
good=$mnist/test_data_set_0/input_0.pb
head -c 3000 "$mnist/model.onnx" >"$work/cut.onnx"
refuses "a cut model" "cut" "$gainsay" infer "$work/cut.onnx" --input "$good"
head -c 2000 /dev/urandom >"$work/noise.onnx"
refuses "noise" "ONNX\|tensor\|protobuf" "$gainsay" program "$work/noise.onnx"
: >"$work/empty.onnx"
refuses "an empty file" "no graph" "$gainsay" program "$work/empty.onnx"
refuses "no such file" "No such file" "$gainsay" infer "$work/none.onnx" --input "$good"
refuses "a folder" "not a regular file" "$gainsay" program "$work"
refuses "no input" "takes 1 inputs, given are 0" "$gainsay" infer "$mnist/model.onnx"
refuses "too many inputs" "given are 2" "$gainsay" infer "$mnist/model.onnx" --input "$good" --input "$good"
refuses "an input that is no tensor" "model.onnx" "$gainsay" infer "$mnist/model.onnx" --input "$mnist/model.onnx"
refuses "an input of no such name" "no input 'z'" "$gainsay" infer "$mnist/model.onnx" --input "z=$good"
refuses "a bound input of no such name" "no such input" "$gainsay" infer "$mnist/model.onnx" --input "$good" --bind z
[[ ! -d $data/onnx-backend ]] ||
	refuses "an operator that is left out" "Momentum.*training" "$gainsay" program "$data/onnx-backend/node/test_momentum/model.onnx"
refuses "a wrong shape" "takes shape" "$gainsay" program "$mnist/model.onnx" --shape Input3=2,1,28,28
refuses "a shape of no such input" "no input 'x'" "$gainsay" program "$mnist/model.onnx" --shape x=1
refuses "a shape that is none" "NAME=" "$gainsay" program "$mnist/model.onnx" --shape 1,2
refuses "no threads" "threads" "$gainsay" infer "$mnist/model.onnx" --input "$good" --threads 0
refuses "an output that cannot be written" "No such file\|Not a directory" "$gainsay" program "$mnist/model.onnx" --output "$work/no/p.gsp"
/usr/bin/python3 - "$work" <<'P'
import struct, sys
d = sys.argv[1]
def npy(name, descr, shape, data):
    head = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)).encode()
    open(d + name, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data)
npy("/wrong_shape.npy", "<f4", "(1, 1, 14, 56)", bytes(4 * 784))
npy("/wrong_type.npy", "<i4", "(1, 1, 28, 28)", bytes(4 * 784))
npy("/big_endian.npy", ">f4", "(1, 1, 28, 28)", bytes(4 * 784))
npy("/right.npy", "<f4", "(1, 1, 28, 28)", bytes(4 * 784))
P
"$gainsay" infer "$mnist/model.onnx" --input "$work/right.npy" >/dev/null
check "a .npy input" $?
refuses "a wrong input shape" "1,1,14,56" "$gainsay" infer "$mnist/model.onnx" --input "$work/wrong_shape.npy"
refuses "a wrong input type" "INT32" "$gainsay" infer "$mnist/model.onnx" --input "$work/wrong_type.npy"
refuses "a big-endian input" "little-endian" "$gainsay" infer "$mnist/model.onnx" --input "$work/big_endian.npy"
cp "$work/p.gsp" "$work/bad.gsp"
printf '\xff' | dd of="$work/bad.gsp" bs=1 seek=2000 conv=notrunc status=none
refuses "a damaged program file" "program" "$gainsay" infer "$work/bad.gsp" "${inputs[@]}"

finish
