#!/bin/bash
# Tolerant claims on a real EVM: outputs that differ in the last bits, or by exactly the tolerance, are confirmed, audited and given
# on demand; one unit more is caught, disputed and slashed, as are the outputs of another model; a claimed array that is too long
# has no answer. What the judge looks at in the end is the comparison, its fold, or the network itself.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

cast=$(command -v cast || echo "$root/build/tools/cast")
more_parameters='duties:
  demand_s: 900
  demand_base: 0.5
  demand_per_chunk: 0.25
  audit: 1
  audit_s: 900
  epoch_s: 5'
devnet_up 900 900
python() { /usr/bin/python3 "$@"; }

# 2^-10 and nothing: claims may be off by that much, and the first output, a little below 1, less that is a float.
model=$work/models/tolerant.gsp
"$gainsay" program "$demo/digits.onnx" --tolerance 0.0009765625,0 --output "$model" >/dev/null &&
	"$gainsay" program "$demo/digits-other.onnx" --tolerance 0.0009765625,0 --output "$work/other.gsp" >/dev/null || exit 1
gs 1 model register "$model" >/dev/null && ok "a tolerant model is registered" || fail "a tolerant model is not registered"
"$gainsay" program "$demo/digits.onnx" --tolerance inf,0 2>"$work/said" >/dev/null && fail "an infinite tolerance" || ok "no: $(cat "$work/said")"

input=$demo/inputs/${images[0]}.npy
canonical=$work/outputs/output_0.npy
"$gainsay" infer "$model" --input "$input" --output-dir "$work/outputs" >/dev/null || exit 1
# edited NAME FUNCTION: the canonical outputs with a function of index, bits and value applied: returns bits
edited() {
	python - "$canonical" "$work/$1.npy" "$2" <<-'END'
		import struct, sys
		data = bytearray(open(sys.argv[1], "rb").read())
		start = 10 + struct.unpack_from("<H", data, 8)[0]
		bits = lambda x: struct.unpack("<I", struct.pack("<f", x))[0]
		edit = eval("lambda i, b, x: " + sys.argv[3], {"bits": bits})
		for i in range((len(data) - start) // 4):
		    b, = struct.unpack_from("<I", data, start + 4 * i)
		    x, = struct.unpack_from("<f", data, start + 4 * i)
		    struct.pack_into("<I", data, start + 4 * i, edit(i, b, x))
		open(sys.argv[2], "wb").write(data)
	END
}
edited near 'b + 1'
edited edge 'bits(x - 2**-10) if i == 0 else b'
edited beyond 'bits(x - 2**-10) - 1 if i == 0 else b'
edited nan '0x7fc00000 if i == 4 else b'
edited infinite '0x7f800000 if i == 4 else b'

compare() { "$gainsay" infer "$model" --input "$input" --compare "$work/$1.npy"; }
[[ $(compare near) == *"within the tolerance"* && $(compare edge) == *"at most 1 of it away (element 0)"* ]] &&
	ok "infer tells how near they are" || fail "infer says: $(compare edge)"
[[ $(compare beyond) == *"1 values outside the tolerance"* ]] && ok "and that a unit more is too far" || fail "infer says: $(compare beyond)"

post() { gs "$1" claim "$model" --input "${of:-$input}" --value 5 --json "${@:2}"; }
near=$(field "$(post 1 --output "$work/near.npy")" claim_id)
edge=$(field "$(post 1 --output "$work/edge.npy")" claim_id)
for what in beyond nan infinite; do
	post 3 --output "$work/$what.npy" >/dev/null 2>"$work/said" && fail "$what is claimed without a word" || ok "$what is not claimed: $(cut -c1-110 "$work/said")"
done
beyond=$(field "$(post 3 --output "$work/beyond.npy" --unchecked)" claim_id)
of=$demo/inputs/${images[2]}.npy # the models are of one mind about the first
"$gainsay" infer "$work/other.gsp" --input "$of" --output-dir "$work" >/dev/null
other=$(field "$(post 3 --output "$work/output_0.npy" --unchecked)" claim_id)
unset of

# A claimed array of two chunks where the model has one, by hand: its root is of no tree that anybody could open.
told=$("$gainsay" infer "$model" --input "$input" --json)
long=$(python - "$input" "$canonical" <<-'END'
	import struct, sys
	def values(path):
	    data = open(path, "rb").read()
	    return data[10 + struct.unpack_from("<H", data, 8)[0]:]
	print("0x" + values(sys.argv[1]).hex(), "0x" + (values(sys.argv[2]).ljust(128, b"\0") + b"\x01").hex())
	END
)
claims=$(python -c 'import json, sys; d = json.load(open(sys.argv[1])); print(d["contracts"]["Claims"])' "$work/deployment.json")
topic=$("$cast" keccak "Posted(bytes32,address,bytes32,bytes32,bytes32,uint256,bytes32,uint256,uint64,bytes,bytes)")
sent=$("$cast" send --rpc-url "$url" --private-key "0x${keys[3]}" --json "$claims" "post(bytes32,bytes32,bytes32,uint256,bytes,bytes)" \
	"$(field "$told" modelId)" "$(field "$told" inputRoot)" "$("$cast" keccak "0x${long##*0x}")" 0 ${long% *} "${long#* }")
long=$(python -c 'import json, sys; print([l["topics"][1] for l in json.loads(sys.argv[1])["logs"] if l["topics"][0] == sys.argv[2]][0])' "$sent" "$topic")

start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --poll-ms 250
start liar gs 3 defend --db "$work/liar.db" --models "$work/models" --adversary "$work/other.gsp" --poll-ms 250
start validator gs 2 run --db "$work/validator.db" --models "$work/models" --rate 1 --poll-ms 250 --until-claims 5 --until-seconds 1000
[[ $(field "$(gs 2 demand "$near" --kind output --json)" kind) == output ]] && ok "the claimed outputs are demanded" || fail "they cannot be demanded"
gs 2 demand "$long" --kind output >/dev/null && ok "those that are too long, too" || fail "those that are too long are not"
hasten validator "$work/validator.db" 5 "$long"
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 ]] && ok "the validator ends well when all is settled" || fail "the validator ends with $code"
stop defend TERM
stop liar TERM

db=$work/validator.db
is() { # CLAIM FIELD VALUE WHAT
	local value
	value=$(stored "$db" "$1" "$2")
	[[ $value == "$3" ]] && ok "$4" || fail "not so: $4 ($2 is $value)"
}
is "$near" verdict valid "last bits do not make a claim wrong"
is "$near" status final "it is confirmed, with its outputs on chain"
is "$near" audited True "after an audit"
is "$edge" verdict valid "exactly the tolerance is within it"
is "$edge" status final "and is confirmed"
is "$beyond" verdict invalid "one unit of the last place more is not"
is "$beyond" status invalid "and is lost"
is "$other" verdict invalid "another model's outputs are not"
is "$other" status invalid "and are lost"
is "$long" verdict unavailable "what is too long cannot be compared"
is "$long" status invalid "and has no answer to a demand"
games=$("$gainsay" games --db "$db" --json)
python - "$games" "$beyond" "$other" "$near" "$edge" <<'END' && ok "by the last step of a dispute" || fail "the games: $games"
import json, sys
games, lost, kept = json.loads(sys.argv[1]), sys.argv[2:4], sys.argv[4:6]
for claim in lost:
    assert any(g["outcome"] == "challenger_won" and g["reason"] == "step" for g in games if g["claim_id"] == claim), claim
assert not [g for g in games if g["claim_id"] in kept]
END
# The bond is 10 and a tenth of the value: 10.5, of which half is burned, the rest the validator's; the third claim's, of value 0, too.
# What was answered costs 0.5 and a chunk.
free=$(field "$(gs 2 stake show --json)" free)
[[ $free == 1014.75 ]] && ok "the validator has three prizes" || fail "the validator has $free, not 1000 + 5.25 + 5.25 + 5 - 0.75"

# What the judge looks at, both sides on a chain of their own: LAST, by whom it was WON, and the rest is the dispute's.
judged() {
	local last=$1 won=$2 said
	said=$("$gainsay" dispute "$model" --input "$input" "${@:3}" --json 2>&1 | python -c '
import json, sys
text = sys.stdin.read()
try:
    d = json.loads(text)
    print(d["step"]["kind"], d["step"]["fn"], d["winner"], d["honest_side_won"])
except ValueError:
    print(text)')
	[[ $said == "$last $won True" ]] && ok "the judge of ${*:3}: $said" || fail "the judge of ${*:3}: $said, not $last $won"
}
last=$(($(field "$("$gainsay" program "$model" --json)" instructions) - 1))
judged "map within" challenger --output "$work/beyond.npy" --fault "instr=$((last - 1)),elem=0"
judged "body i32.and" challenger --output "$work/beyond.npy" --fault "instr=$last,elem=0,term=1"
judged "final none" challenger --output "$work/beyond.npy" --fault "instr=$last,elem=0"
judged "map within" claimant --output "$work/edge.npy" --challenger-fault "instr=$((last - 1)),elem=0"
judged "map within" claimant --output "$work/near.npy" --challenger-fault "instr=$((last - 1)),elem=7"
judged "body f32.fma" challenger --fault random:1
finish
