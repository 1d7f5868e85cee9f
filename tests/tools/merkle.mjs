// Batches of settlements: our trees, proofs and dumps beside those of @openzeppelin/merkle-tree, both ways, and dumps that are bent.
//
//   node merkle.mjs OPENGRADIENT_TOOL SEED BATCHES
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const { StandardMerkleTree } = require("../node_modules/@openzeppelin/merkle-tree");

const [tool, seed, batches] = [process.argv[2], BigInt(process.argv[3]), Number(process.argv[4])];
const types = ["bytes32", "bytes32", "bytes32", "bytes", "uint256"];
let state = seed * 0xd1342543de82ef95n & 0xffffffffffffffffn;
function word64() { // splitmix64
	state = (state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
	let z = state;
	z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
	z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
	return z ^ (z >> 31n);
}
const below = (n) => Number(word64() % BigInt(n));
const hex = (n) => "0x" + Array.from({ length: n }, () => below(256).toString(16).padStart(2, "0")).join("");
const signature = () => hex([0, 1, 31, 32, 33, 256, 256, 256, 256, 300][below(10)]);
const timestamp = () => (below(8) ? String(1700000000 + below(100000000)) : String((word64() << 192n) | word64()));

const child = spawn(tool, ["lines"], { stdio: ["pipe", "pipe", "inherit"] });
const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
async function ask(request) {
	child.stdin.write(JSON.stringify(request) + "\n");
	const { value, done } = await answers.next();
	if (done) throw new Error("the tool ended");
	return JSON.parse(value);
}

let passed = 0, failed = 0;
function check(name, good) {
	good ? passed++ : failed++;
	if (!good) console.log(`FAIL ${name}`);
}
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const theirsTakes = (dump) => {
	try {
		return StandardMerkleTree.load(dump).root;
	} catch {
		return null;
	}
};
const findings = {};
async function load(text, root, count) {
	const { finding } = await ask({ do: "load", dump: text, root, count: String(count) });
	findings[finding] = (findings[finding] ?? 0) + 1;
	return finding;
}

// The vector that the network's own encoding was checked with.
const vector = [["0x" + "11".repeat(32), "0x" + "22".repeat(32), "0x" + "33".repeat(32), "0x1234", "1741809483"]];
check("vector", (await ask({ do: "dump", values: vector })).root === "0x16c7b6a26a53e82029a6ddf7219d45560b3e0b90fba55d4da5a19830070b08e0");

for (let batch = 0; batch < batches; batch++) {
	const count = batch < 20 ? batch + 1 : batch % 100 === 0 ? 500 : 1 + below(40);
	const values = Array.from({ length: count }, () => [hex(32), hex(32), hex(32), signature(), timestamp()]);
	if (count > 2 && below(3) === 0) values[count - 1] = [...values[0]]; // the same leaf twice
	const theirs = StandardMerkleTree.of(values, types), name = `batch ${batch} of ${count}`;
	const ours = await ask({ do: "dump", values });
	check(`${name}: root`, ours.root === theirs.root);
	check(`${name}: dump`, same(JSON.parse(ours.dump), theirs.dump()));
	check(`${name}: theirs loads ours`, theirsTakes(JSON.parse(ours.dump)) === theirs.root);
	check(`${name}: proofs`, values.every((value, i) => same(ours.proofs[i], theirs.getProof(i))
		&& StandardMerkleTree.verify(ours.root, types, value, ours.proofs[i])));
	const text = JSON.stringify(theirs.dump(), null, below(2) ? 2 : undefined);
	check(`${name}: ours loads theirs`, (await load(text, theirs.root, count)) === "valid");
	check(`${name}: another count`, (await load(text, theirs.root, count + 1)) === "count");
	check(`${name}: another root`, (await load(text, hex(32), count)) === "root");

	// Bent: theirs and ours must both refuse, ours by the right name.
	const bent = (change) => { const dump = structuredClone(theirs.dump()); change(dump); return dump; };
	const i = below(count), k = below(3);
	const cases = {
		"a hash of a value": [bent((d) => { d.values[i].value[k] = hex(32); }), ["root"]],
		"a timestamp": [bent((d) => { d.values[i].value[4] = String(BigInt(d.values[i].value[4]) ^ 1n); }), ["root"]],
		"a node": [bent((d) => { d.tree[below(d.tree.length)] = hex(32); }), ["blob-tree"]],
		"a place outside": [bent((d) => { d.values[i].treeIndex = d.tree.length; }), ["blob-format"]],
		"a value less": [bent((d) => { d.values.splice(i, 1); }), ["blob-format"], true], // their loader looks at what is there
		"another format": [bent((d) => { d.format = "standard-v2"; }), ["blob-format"]],
	};
	for (const [what, [dump, expected, theyTake]] of Object.entries(cases)) {
		const finding = await load(JSON.stringify(dump), theirs.root, count);
		check(`${name}: ${what}: ${finding}`, expected.includes(finding) && (theirsTakes(dump) === theirs.root) === !!theyTake);
	}
	const unsorted = StandardMerkleTree.of(values, types, { sortLeaves: false });
	if (unsorted.root !== theirs.root)
		check(`${name}: unsorted`, (await load(JSON.stringify(unsorted.dump()), unsorted.root, count)) === "unsorted");
	// A number as timestamp is the same number as text.
	if (BigInt(values[i][4]) < 2n ** 53n)
		check(`${name}: a number`, (await load(JSON.stringify(bent((d) => { d.values[i].value[4] = Number(d.values[i].value[4]); })), theirs.root, count)) === "valid");
}
check("every finding comes up", ["valid", "count", "root", "blob-tree", "blob-format", "unsorted"].every((code) => findings[code] > batches / 2));
child.stdin.end();
console.log(Object.entries(findings).map(([code, n]) => `${code} ${n}`).join(", "));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
