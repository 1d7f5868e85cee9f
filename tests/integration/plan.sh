#!/bin/bash
# `gainsay plan`: every figure computed again by other means from what was measured and asked for; what cannot be planned is refused in a line.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/support/check.sh
source tests/support/check.sh
root=$PWD
gainsay=${GAINSAY_BUILD:-$root/build}/gainsay
ok() {
	check "$1" 0
	echo "ok   $1"
}
fail() {
	check "$1" 1
}

models=$root/configs/demo
mainnet=$root/configs/deployments/mainnet.yaml
plan() {
	timeout 600 "$gainsay" plan --seconds 0.05 "$@"
}
# agrees PEERS PEER_RATE UPTIME CORES TARGET DEADLINE CORE_HOUR MILLION_GAS: what $work/plan.json says, by formulas written down again
agrees() {
	/usr/bin/python3 - "$work/plan.json" "$@" <<'END'
import json, math, sys
plan = json.load(open(sys.argv[1]))
peers, peer_rate, uptime, cores, target, deadline, hour, gas = map(float, sys.argv[2:])
bond0, bond, fee0, fee, burn, concede, audit, window, units = 100, 1, 0.1, 0.001, 0.5, 0.8, 0.01, 172800, 50
def near(name, ours, theirs):
    if theirs is None:
        assert math.isinf(ours) or ours > 1e300, (name, ours, theirs)
    else:
        assert abs(ours - theirs) <= 1e-6 * (1 + abs(ours)), (name, ours, theirs)
def others(rate):
    return (rate if peer_rate < 0 else peer_rate) * uptime
def part(rate):  # of what those divide who looked, for one of them: summed over how many of the peers did
    s, n = others(rate), int(peers)
    return sum(math.comb(n, k) * s**k * (1 - s)**(n - k) / (k + 1) for k in range(n + 1))
def detection(rate):
    return 1 - (1 - rate * uptime) * (1 - others(rate))**peers
models = plan["models"]
def shed(rates):  # what is worth more a second of work first, until the cores are full
    left, out = cores, {}
    worth = lambda i: max(models[i]["gain"], models[i]["value"]) / models[i]["committingRunS"]
    for i in sorted(range(len(models)), key=lambda i: (-worth(i), i)):
        load = rates[i] * models[i]["claimsPerHour"] / 3600 * models[i]["committingRunS"]
        out[i] = 1 - min(load, left) / load if load else 0
        left -= min(load, left)
    return [out[i] for i in range(len(models))]
for name, rates in (("shedAtNeeded", [m["neededRate"] for m in models]), ("shedAtPolicy", [plan["policyRate"]] * len(models))):
    said, drawn = plan[name], [r * m["claimsPerHour"] for r, m in zip(rates, models)]
    for ours, theirs in zip(shed(rates), said["models"], strict=True):
        near(name, ours, theirs)
    near(name, sum(a * b for a, b in zip(shed(rates), drawn)) / sum(drawn), said["all"])
    assert (said["waitS"] is None) == (sum(d * m["committingRunS"] for d, m in zip(drawn, models)) / 3600 >= cores), said
seconds = sum(m["chosen"]["rate"] * m["claimsPerHour"] / 3600 * m["committingRunS"] for m in models)
near("load", seconds / cores, plan["load"])
assert plan["load"] <= 0.85 + 1e-9
for m in models:
    B, F = bond0 + bond * m["value"], fee0 + fee * m["value"]
    lost, saved = B * burn * concede, m["runS"] * hour / 3600
    cost = m["committingRunS"] * hour / 3600 + (140000 + audit * 65000) / 1e6 * gas
    near("needed detection", (m["gain"] + saved) / (m["gain"] + lost), m["neededDetection"])
    near("bond", B, m["bond"])
    near("cost", cost, m["lookCost"])
    for p in m["rates"] + [m["chosen"]]:
        d = detection(p["rate"])
        near("detection", d, p["detection"])
        near("deterred", max(0, (d * lost - saved) / (1 - d)) if d < 1 else math.inf, p["deterredGain"])
        looks = p["rate"] * uptime * m["claimsPerHour"] * 24
        near("income", looks * (part(p["rate"]) * F - cost), p["incomeDay"])
        near("spent", looks * cost, p["costDay"])
        assert p["delayP99S"] is None or p["delayP99S"] >= p["delayS"] - 1e-9 or p["load"] < 0.1
        assert 0 <= p["inTime"] <= 1
    wanted = max(target, m["neededDetection"])
    c = m["chosen"]
    if m["because"] in ("deters", "target"):
        assert c["detection"] >= wanted - 1e-9
        assert c["rate"] == 0 or detection(c["rate"] * 0.999) < wanted, "a lower rate would do"
    elif m["because"] == "bond too small":
        assert c["rate"] == 1 and detection(1) < wanted
    else:
        assert c["rate"] < m["neededRate"] and plan["load"] > 0.8499
    near("price", cost / part(c["rate"]), m["priceOfALook"])
    near("locked", units, m["gameLocked"])
    near("capital", units + m["gameGas"] / 1e6 * gas, m["capital"])
    assert m["gamesCovered"] == int(plan["stake"] / units)
near("all a day", sum(m["chosen"]["incomeDay"] for m in models), plan["incomeDay"])
END
}
compare() { # WHAT ORACLE'S-ARGUMENTS -- OPTION...
	local what=$1 oracle=()
	shift
	while [[ $1 != -- ]]; do
		oracle+=("$1")
		shift
	done
	shift
	plan "$models/digits.onnx" --parameters "$mainnet" --json "$@" >"$work/plan.json" 2>"$work/plan.err" &&
		agrees "${oracle[@]}" 2>>"$work/plan.err" && ok "$what" || fail "$what: $(tail -2 "$work/plan.err")"
}
refused() { # WHAT PATTERN STATUS OPTION...
	local what=$1 pattern=$2 want=$3 status
	shift 3
	plan "$@" >"$work/out" 2>"$work/line"
	status=$?
	((status == want)) && [[ $(grep -c '^gainsay: ' "$work/line") == 1 ]] && grep -q -- "$pattern" "$work/line" && [[ ! -s $work/out ]] &&
		ok "$what: $(cut -c1-120 "$work/line")" || fail "$what: exit status $status: $(<"$work/line")"
}

compare "alone among four who do the same" 4 -1 0.95 2 0 0 0.04 0.15 -- --cores 2
compare "dear gas: the role costs more than it earns" 4 -1 0.95 2 0 0 0.04 60 -- --cores 2 --gas-price 20
compare "peers whose rate is known" 9 0.2 0.8 1 0.99 0 0.04 0.15 -- --cores 1 --peers 9 --peer-rate 0.2 --uptime 0.8 --target 0.99
compare "nobody else, and a gain that no rate deters" 0 -1 0.9 2 0 0 0.04 0.15 -- --cores 2 --peers 0 --uptime 0.9 --gain 100000
compare "more claims than the cores can do" 4 -1 0.95 1 0 1 1 0.15 -- --cores 1 --claims 900000000 --core-hour 1 --deadline-s 1
compare "a token that is worth ten" 4 -1 0.95 2 0 0 0.004 0.015 -- --cores 2 --token 10

plan "$models/digits.onnx" --parameters "$mainnet" --gas-price 20 >"$work/text" && grep -q 'EARNS LESS THAN IT COSTS' "$work/text" &&
	ok "says plainly when a role earns less than it costs" || fail "does not say so: $(<"$work/text")"
plan "$models/digits.onnx" --parameters "$mainnet" --stake 10 >"$work/text" && grep -q 'STAKE DOES NOT COVER' "$work/text" &&
	ok "and when the stake covers no game" || fail "does not say so: $(<"$work/text")"
mkdir "$work/models"
cp "$models"/digits*.onnx "$work/models"
echo no model >"$work/models/broken.onnx"
plan --models "$work/models" --parameters "$mainnet" --json >"$work/plan.json" 2>"$work/plan.err"
[[ $? == 0 && $(/usr/bin/python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["models"]))' "$work/plan.json") -ge 2 ]] &&
	grep -q '^left out: .*broken.onnx' "$work/plan.err" && ok "a folder; what cannot be read is told and left out" || fail "the folder: $(<"$work/plan.err")"

refused "no terms" "whose terms" 1 "$models/digits.onnx"
refused "no models" "which models" 1 --parameters "$mainnet"
refused "a folder without any" "no .onnx" 1 --models "$root/docs" --parameters "$mainnet"
refused "a model that is none" "broken.onnx" 1 "$work/models/broken.onnx" --parameters "$mainnet"
refused "terms that are not there" "none.yaml" 1 "$models/digits.onnx" --parameters "$work/none.yaml"
refused "an uptime of none" "--uptime" 1 "$models/digits.onnx" --parameters "$mainnet" --uptime 0
refused "a share above one" "--peer-rate" 1 "$models/digits.onnx" --parameters "$mainnet" --peer-rate 1.5
refused "a negative stake" "--stake" 1 "$models/digits.onnx" --parameters "$mainnet" --stake -1
refused "no cores" "--cores" 1 "$models/digits.onnx" --parameters "$mainnet" --cores 0
refused "what is no number" "gain" 2 "$models/digits.onnx" --parameters "$mainnet" --gain much
finish
