#!/bin/bash
# The lint's own test: a clean tree passes, and each planted violation is found under its own name.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
passed=0
failed=0
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

verdict() { # verdict NAME STATUS
	if (($2 == 0)); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $1"
	fi
}

fresh_tree() {
	rm -rf "$tree"
	mkdir -p "$tree"/{chain/core,chain/eth,chain/rpc,challenge/machine,challenge/game,validator/node,validator/exec,storage,docs}
	printf '#ifndef GS_CHAIN_CORE_A_H\n#define GS_CHAIN_CORE_A_H\n#include <stdint.h>\n#endif\n' >"$tree/chain/core/a.h"
	printf '#include "chain/core/a.h"\n' >"$tree/challenge/machine/a.c"
	printf '#include "challenge/machine/a.h"\n#include "chain/core/a.h"\n' >"$tree/challenge/game/a.c"
	printf '#include <lmdb.h>\n#include "chain/core/a.h"\n' >"$tree/storage/a.c"
	printf '#include <pthread.h>\n' >"$tree/validator/exec/threads.c"
	printf 'See [a](../chain/core/a.h) and [the web](https://example.org).\n' >"$tree/docs/a.md"
}

# finds NAME RULE FILE: the lint fails and names the rule at the file.
finds() {
	local out
	out=$(/usr/bin/python3 "$root/tests/lint/house.py" "$tree") && { verdict "$1: not found" 1; return; }
	grep -q "^$3:[0-9]*: $2: " <<<"$out"
	verdict "$1: found, but as: $out" $?
}

fresh_tree
/usr/bin/python3 tests/lint/house.py "$tree"
verdict "a clean tree passes" $?

plant() { # plant NAME RULE FILE TEXT
	fresh_tree
	mkdir -p "$tree/$(dirname "$3")"
	printf '%b' "$4" >"$tree/$3"
	finds "$1" "$2" "$3"
}

plant "core includes the layer above" layers chain/core/b.c '#include "chain/eth/rlp.h"\n'
plant "siblings include each other" layers chain/eth/b.c '#include "challenge/machine/a.h"\n'
plant "the game includes the executor" layers challenge/game/b.c '#include "validator/exec/plan.h"\n'
plant "the node includes the store" layers validator/node/b.c '#include "storage/store.h"\n'
plant "an edge includes another edge" layers storage/b.c '#include "chain/rpc/http.h"\n'
plant "an edge includes the node" layers chain/rpc/b.c '#include "validator/node/node.h"\n'
plant "pure code opens a socket" layers challenge/game/b.c '#include <sys/socket.h>\n'
plant "pure code reads the clock" layers validator/node/b.c '#include <time.h>\n'
plant "pure code starts a thread" layers challenge/machine/b.c '  #  include <pthread.h>\n'
plant "a file outside of every module" layers helpers/b.c 'int x;\n'
plant "an include that is not named from the root" layers chain/core/b.c '#include "a.h"\n'
plant "a guard that is not the path" guards chain/core/b.h '#ifndef B_H\n#define B_H\n#endif\n'
plant "a file that is too long" length chain/core/b.c "$(printf '\\n%.0s' $(seq 701))"
plant "an address of one machine" words chain/core/b.c '/* /work/main */\n'
plant "a download address in a lock file" words tests/package-lock.json '  "resolved": "https://example.org/a.tgz"\n'
plant "a flag that changes results" words Makefile 'CFLAGS := -ffast-math\n'
plant "a loose end" words chain/core/b.c '/* TODO */\n'
plant "a dead link" links docs/b.md '[gone](gone.md)\n'

# The rules that make applies: a header that leans on its includer, and a file in another format.
fresh_tree
printf '#ifndef GS_CHAIN_CORE_B_H\n#define GS_CHAIN_CORE_B_H\nuint32_t b(void);\n#endif\n' >"$tree/chain/core/b.h"
printf 'int  main ( void ) { return 0; }\n' >"$tree/chain/core/b.c"
mkdir "$tree/tests"
cp -r Makefile .clang-format .clang-tidy "$tree/"
cp -r tests/lint "$tree/tests/"
cp chain/core/core.h "$tree/chain/core/"
out=$(make -C "$tree" BUILD=build -k lint-headers 2>&1) && verdict "a header that does not compile alone: not found" 1
grep -q '^chain/core/b.h: does not compile alone' <<<"$out"
verdict "a header that does not compile alone: found, but as: $out" $?
grep -q '^chain/core/core.h: does not compile alone' <<<"$out"
verdict "a header that compiles alone is let through" $((! $?))
out=$(make -C "$tree" BUILD=build lint-format 2>&1) && verdict "a file in another format: not found" 1
grep -q '^chain/core/b.c: not in the house' <<<"$out"
verdict "a file in another format: found, but as: $out" $?
printf 'int b(int x);\nint b(int x)\n{\n\tint *p = 0;\n\tif (x > 3)\n\t\treturn *p;\n\treturn x;\n}\n' >"$tree/chain/core/b.c"
out=$(make -C "$tree" BUILD=build -k lint-tidy 2>&1) && verdict "a null dereference: not found" 1
grep -q 'chain/core/b.c.*clang-analyzer-core.NullDereference' <<<"$out"
verdict "a null dereference: found, but as: $out" $?

# The contracts' static analysis: each linter finds what is planted for it.
sol() { # sol NAME RULE BODY
	local out
	rm -rf "$tree/contracts"
	mkdir -p "$tree/contracts/src"
	# an output and a cache of its own: the tests of the contracts may be compiled meanwhile
	sed "s|\.\./\.\./build/contracts|$tree/forge|; s|\.\./\.\./build|$root/build|" chain/contracts/foundry.toml >"$tree/contracts/foundry.toml"
	printf '// SPDX-License-Identifier: Apache-2.0\npragma solidity ^0.8.28;\n\ninterface Token {\n    function transfer(address to, uint256 amount) external returns (bool);\n}\n\ncontract Planted {\n%b}\n' "$3" \
		>"$tree/contracts/src/Planted.sol"
	if [[ -z $2 ]]; then
		out=$(CONTRACTS=$tree/contracts tests/lint/contracts.sh src 2>&1)
		verdict "$1: $out" $?
		return
	fi
	out=$(CONTRACTS=$tree/contracts tests/lint/contracts.sh src 2>&1) && { verdict "$1: not found" 1; return; }
	grep -q "$2" <<<"$out"
	verdict "$1: found, but as: $out" $?
}
sol "a harmless contract passes" "" '    uint256 public a;\n'
sol "a transfer whose answer nobody reads" erc20-unchecked-transfer '    function f(Token t) external {\n        t.transfer(msg.sender, 1);\n    }\n'
sol "a division before a multiplication" divide-before-multiply '    function f(uint256 a, uint256 b, uint256 c) external pure returns (uint256) {\n        return (a / b) * c;\n    }\n'
sol "the origin of a transaction" avoid-tx-origin '    function f() external view returns (bool) {\n        return tx.origin == msg.sender;\n    }\n'
sol "state that is written after a call" reentrancy '    mapping(address => uint256) private b;\n\n    function f() external {\n        payable(msg.sender).transfer(b[msg.sender]);\n        b[msg.sender] = 0;\n    }\n'

echo "$passed passed, $failed failed"
((failed == 0))
