#!/bin/bash
# Signatures of TEEs, good and bad in many ways, beside the openssl program: the same verdict on each. SEED and CASES change what is drawn.
# timeout_s: 300
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/support/check.sh
source tests/support/check.sh
tool=${GAINSAY_BUILD:-$PWD/build}/tests/tools/opengradient_tool
cases=${CASES:-1000}
[[ -x $tool ]] || { echo "$tool is not built"; exit 1; }
"$tool" pss "${SEED:-1}" "$cases" "$work"
check "cases are drawn" $?

cat >"$work/one.sh" <<'END'
while read -r n k ours; do
	theirs=0
	openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sigopt rsa_mgf1_md:sha256 \
		-verify "key-$k.pem" -signature "$n.sig" "$n.msg" >/dev/null 2>&1 && theirs=1
	echo "$n $k $ours $theirs"
done
END
# Both cores, some cases a shell: what takes the time is that a program starts.
(cd "$work" && split -l 50 verdicts part. && printf '%s\n' part.* | xargs -P 2 -I{} sh -c 'sh one.sh <{} >{}.out' && cat part.*.out >all)
check "openssl looks at all" $?
[[ $(wc -l <"$work/all") == "$cases" ]]
check "each case has two verdicts" $?
[[ -z $(awk '$3 != $4' "$work/all") ]]
check "they agree: $(awk '$3 != $4' "$work/all" | head -n 3 | tr '\n' ';')" $?
good=$(awk '$4 == 1' "$work/all" | wc -l)
((good > cases / 5 && good < cases * 4 / 5))
check "both verdicts come often: $good good of $cases" $?
echo "openssl finds $good of $cases signatures good, and so do we"
finish
