#!/bin/bash
# The audit of OpenGradient's settlements on a stage: contracts on a development chain, aggregators of blobs, every kind of defect planted. All of it is found, and nothing else.
# SEED, BATCHES (good ones beside the planted) and LEAVES change its size; `make opengradient-stage` plays a large one.
# timeout_s: 1200
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"
node=$root/build/tools/node20
forge=$(command -v forge || echo "$root/build/tools/forge")
stage=("$node" "$root/tests/tools/opengradient_stage.mjs")
[[ -x $node && -d $root/tests/node_modules/@openzeppelin/merkle-tree && -x $forge ]] || { echo "no node, no merkle-tree or no forge: run 'make setup'"; exit 77; }

mkdir -p "$work/contracts/src"
cp "$root/tests/support/Network.sol" "$work/contracts/src/"
printf '[profile.default]\noffline = true\nevm_version = "cancun"\nsolc = "%s"\noptimizer = true\n' "$root/build/tools/solc" >"$work/contracts/foundry.toml"
(cd "$work/contracts" && "$forge" build --root . >"$work/forge.log" 2>&1) || { cat "$work/forge.log"; exit 1; }
chain_up 0
"${stage[@]}" play "$url" "$work/contracts/out" "$work/stage" "${SEED:-1}" "${BATCHES:-20}" "${LEAVES:-4}" >"$work/play.out" 2>"$work/play.log" || { fail "the stage is played"; finish; }
cat "$work/play.out"
for name in first second gone; do
	start "$name" "${stage[@]}" serve "$work/stage" "$name"
	declare "$name=http://$(listening "$name" | sed 's#^http://##')" || exit 1
done

place() { # NAME: of stage.json
	field "$(cat "$work/stage/stage.json")" "$1"
}
# audit NAME ARGUMENTS...: $code is its exit status
audit() {
	"$gainsay" watch opengradient --rpc "$url" --registry "$(place registry)" --batch-settlement "$(place batch)" --individual-settlement "$(place individual)" \
		--json "${@:2}" >"$work/$1.json" 2>>"$work/audit.log"
	code=$?
}
same() { # NAME TEXT [EXPECTED]: the report is what was planted
	if "${stage[@]}" compare "$work/stage" "$work/$1.json" "${3:-expected}" >"$work/compare.out" 2>&1; then ok "$2: $(tail -n 1 "$work/compare.out")"; else cat "$work/compare.out"; fail "$2"; fi
}
# said NAME PYTHON TEXT: something of the report `r`
said() {
	if /usr/bin/python3 -c "import json, sys; r = json.load(open(sys.argv[1])); sys.exit(0 if $2 else 1)" "$work/$1.json"; then ok "$3"; else fail "$3"; fi
}
last=$(place last)
from=$(place first)

began=$(date +%s%N)
audit all --from "$from" --to "$last" --aggregator "$first,$second" --archive "$work/all" --report "$work/report.html"
/usr/bin/python3 -c "import json, sys; r = json.load(open(sys.argv[1])); print('%d batches, %d individual settlements, %d leaves, %d bytes of blobs' % (r['batches'], r['individual'], r['leaves'], r['blob_bytes']))" "$work/all.json"
echo "the audit took $((($(date +%s%N) - began) / 1000000)) ms"
[[ $code == 1 ]] && ok "what is wrong gives exit status 1" || fail "exit status $code"
same all "all that was planted is found, nothing else"
grep -q "tee-disabled" "$work/report.html" && ok "the page names findings" || fail "the page does not name findings"

# And with no network at all: what the archive says follows from what lies in it, or it is told that it does not.
offline() { # ARCHIVE NAME
	"$gainsay" watch opengradient --offline --archive "$work/$1" --json >"$work/$2.json" 2>"$work/$2.err"
	code=$?
}
offline all still
same still "an archive alone"
grep -q "^holds: .* 0 findings are others" "$work/still.err" && ok "what was found is found again" || fail "$(tail -n 1 "$work/still.err")"
mkdir "$work/bent"
cp -r "$work/all/blobs" "$work/bent/"
"$gainsay" db export "$work/all/db" "$work/all.txt" >/dev/null
# The first leaf's finding is another now, and the export's digest that of what stands there.
/usr/bin/python3 - "$work/all.txt" "$work/bent.txt" <<'END'
import re, sys
from Cryptodome.Hash import keccak
text = open(sys.argv[1], "rb").read()
text = re.sub(rb"(?m)^(settled_leaves [0-9a-f]+ 9701)00", rb"\g<1>01", text, count=1)
lines = text.splitlines(keepends=True)
end = lines[-1].split()
end[2] = keccak.new(digest_bits=256, data=b"".join(lines[:-1])).hexdigest().encode()
open(sys.argv[2], "wb").write(b"".join(lines[:-1]) + b" ".join(end) + b"\n")
END
cmp -s "$work/all.txt" "$work/bent.txt" && fail "nothing was changed"
"$gainsay" db import "$work/bent/db" "$work/bent.txt" >/dev/null
offline bent other
[[ $code == 1 ]] && grep -q "stored=signature found=valid" "$work/other.err" && grep -q "^DOES NOT HOLD" "$work/other.err" && ok "a finding that was changed is noticed" ||
	fail "a changed finding: $(tail -n 1 "$work/other.err")"
blob=$(find "$work/bent/blobs" -name '*.json' -print -quit)
echo >>"$blob"
offline bent spoiled
[[ $code == 1 ]] && grep -q "its bytes have changed" "$work/spoiled.err" && ok "a blob that was changed is noticed" || fail "a changed blob: $(tail -n 1 "$work/spoiled.err")"

# The same from the archive, with no aggregator that has anything: nothing is asked for again that is there.
audit again --from "$from" --to "$last" --aggregator "$gone" --archive "$work/all"
said again "r['settlement_findings']['valid'] == json.load(open('$work/all.json'))['settlement_findings']['valid']" "an archive needs no aggregator"

# What an aggregator did not have is asked for by the next run.
audit poor --from "$from" --to "$last" --aggregator "$gone" --archive "$work/poor"
said poor "r['settlement_findings']['blob-missing'] > 10 and 'root' not in r['settlement_findings']" "without blobs batches are unavailable, never wrong"
audit poor --from "$from" --to "$last" --aggregator "$first,$second" --archive "$work/poor"
same poor "found as well when blobs come later"

# Two endpoints that must agree, and sudden death when some blobs are there: the next run goes on with them.
settings=(--rpc "$url,${url/127.0.0.1/localhost}" --registry "$(place registry)" --batch-settlement "$(place batch)" --individual-settlement "$(place individual)")
start cut "$gainsay" watch opengradient "${settings[@]}" --from "$from" --to "$last" --aggregator "$first,$second" --archive "$work/cut"
some_blobs() {
	(($(find "$work/cut/blobs" -name '*.json' 2>/dev/null | wc -l) >= 8)) || ! kill -0 "${pids[cut]}" 2>/dev/null
}
eventually some_blobs
stop cut KILL
audit cut "${settings[@]:0:2}" --from "$from" --to "$last" --aggregator "$first,$second" --archive "$work/cut"
same cut "after sudden death, by two endpoints"

# In three parts, and in one by block: the same findings.
middle=$(((from + last) / 2))
audit part --from "$from" --to "$((middle - 20))" --aggregator "$first,$second" --archive "$work/part"
audit part --from "$from" --to "$middle" --aggregator "$first,$second" --archive "$work/part"
audit part --from "$from" --to "$last" --aggregator "$first,$second" --archive "$work/part"
same part "in three parts"
audit bare --from "$from" --to "$last" --aggregator "$first,$second"
same bare "without an archive"

# Above the final block: what a reorganisation takes back is taken back here, and what stands there instead is found.
extend() { # NAME COUNT DEPTH: $end is the newest block
	end=$("${stage[@]}" extend "$url" "$work/contracts/out" "$work/stage" "$@" 2>>"$work/play.log")
}
extend top 2 0
audit top --from "$from" --to "$end" --aggregator "$first,$second" --archive "$work/part"
said top "r['to'] > r['final']" "blocks that are not final yet"
same top "with what stands there" top
extend after 1 2
audit after --from "$from" --to "$end" --aggregator "$first,$second" --archive "$work/part"
same after "after a reorganisation" after

# A registry that is read too late: what is not known is unavailable.
audit late --from "$last" --to "$last" --aggregator "$first,$second" --registry-from "$last"
said late "not r['registry_whole'] and r['leaf_findings'].get('no-key', 0) == r['leaves']" "a history that begins too late makes nobody wrong"

audit other --from "$from" --to "$last" --aggregator "$first" --archive "$work/all" --batch-settlement "$(place individual)"
[[ $code == 1 ]] && grep -q "of other contracts" "$work/audit.log" && ok "an archive of other contracts is refused" || fail "an archive of other contracts: $code"
audit nowhere --from "$from" --aggregator "$first" --registry 0x00000000000000000000000000000000000000aa
[[ $code == 2 ]] && grep -q "no contract at" "$work/audit.log" && ok "an address without a contract is misuse" || fail "an address without a contract: $code"
finish
