#!/bin/bash
# A worker that lies in 1 % of its jobs: four hundred right leaves of a batch are executed by it. No lie leads to a transaction, let alone to a challenge of what is right; it is
# excluded, what rests on its word is executed again, and `gainsay worker list` says so.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"
# shellcheck source=tests/support/redis.sh
source "$root/tests/support/redis.sh"

leaves=400
liar=0x90F79bf6EB2c4f870365E785982E1f101E93b906 # of key 3
devnet_up 3600 60
port=$(free_port)
queue=redis://127.0.0.1:$port
redis_serve redis --port "$port"
redis_answers -p "$port"

# Inputs that differ in one value each: the jobs' ids follow from them, and which jobs are lied about follows from the ids, so that every run is the same.
/usr/bin/python3 - "$demo/inputs/${images[0]}.npy" "$work/inputs" "$leaves" <<'END'
import os, struct, sys
content, folder, leaves = bytearray(open(sys.argv[1], "rb").read()), sys.argv[2], int(sys.argv[3])
os.mkdir(folder)
first = 10 + struct.unpack("<H", content[8:10])[0]
for i in range(leaves):
    content[first:first + 4] = struct.pack("<f", i / 1024)
    open(f"{folder}/{i:04d}.npy", "wb").write(content)
END
gs 1 stake deposit 5000 --mint >/dev/null # a bond of at least ten a leaf
batch=$(field "$(gs 1 batch post "$demo/digits.onnx" "$work/inputs" --value 5 --batches "$work/batches" --json)" batch_id)
[[ -s $work/batches/$batch.batch ]] && ok "a batch of $leaves right leaves is posted" || fail "no batch"

sent() { # how many transactions the validator's account has had mined
	http "$url" '{"jsonrpc":"2.0","id":1,"method":"eth_getTransactionCount","params":["0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC","latest"]}'
}
before=$(sent)
[[ $before == *'"result"'* ]] || fail "how many were sent is not known: $before"
printf '%s\n' "$liar" >"$work/keys"
start liar "$gainsay" worker --queue "$queue" --models "$work/models" --key-file "$work/key3" --lie-ppm 10000
export GAINSAY_WORKERS_QUEUE=$queue GAINSAY_WORKERS_KEYS_FILE=$work/keys GAINSAY_WORKERS_CHECK=0.05 GAINSAY_WORKERS_WAIT_S=60
start validator gs 2 run --db "$work/v.db" --models "$work/models" --batches "$work/batches" --rate 1 --poll-ms 250

# The newest verdict of each leaf: valid, and not by the liar's word.
cat >"$work/look.py" <<'END'
import re, sys
newest, by_worker = {}, 0
for line in open(sys.argv[1]):
    m = re.search(r"claim\.verdict claim=(\S+) verdict=(\S+)(.*)", line)
    if m:
        newest[m[1]] = m[2] + m[3]
        by_worker += "executed by worker" in m[3]
print(len(newest), sum(v == "valid" for v in newest.values()), by_worker > 20)
END
all_seen() {
	seen=$(/usr/bin/python3 "$work/look.py" "$work/validator.log")
	[[ $seen == "$leaves $leaves True" ]]
}
patience_s=900 eventually all_seen && ok "all are found right in the end, by this node's own executions, though it had believed the worker before" || fail "leaves, right by own execution, believed: $seen"
(($(grep -c ' worker.lied ' "$work/validator.log") == 1)) && ok "the first lie that is found excludes the liar" || fail "$(grep -c ' worker.lied ' "$work/validator.log") times found lying"
list=$("$gainsay" worker list --queue "$queue" --db "$work/v.db" --json)
[[ $list == *'"standing": "excluded"'*"$liar"* ]] && ok "the list of workers says so" || fail "the list: $list"
stop validator TERM
[[ $status == 0 ]] && ok "the node ends well" || fail "the node ends with $status"
[[ $(sent) == "$before" && $("$gainsay" games --db "$work/v.db" --json) != *claim_id* ]] && ok "nothing was sent, nobody was challenged" || fail "sent: $before, $(sent)"
"$gainsay" db check "$work/v.db" >/dev/null && ok "its counts are those of its records" || fail "db check"
finish
