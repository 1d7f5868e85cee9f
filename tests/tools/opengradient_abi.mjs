// What OpenGradient's contracts log and return: our reading beside ethers' AbiCoder, both ways, over structures drawn from a seed, and bytes that are bent.
//
//   node opengradient_abi.mjs OPENGRADIENT_TOOL SEED CASES
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const { ethers } = require("../node_modules/ethers");

const [tool, seed, cases] = [process.argv[2], BigInt(process.argv[3]), Number(process.argv[4])];
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
const list = (most, make) => Array.from({ length: below(most + 1) }, make);
const int128 = () => BigInt.asIntN(128, ((word64() << 64n) | word64()) >> BigInt(below(128)));
const text = () => Array.from({ length: below(3) ? below(12) : below(80) }, () => ["a", "_", "0", "é", "木", "\u0000", "😀"][below(7)]).join("");
const ofText = (t) => ethers.hexlify(ethers.toUtf8Bytes(t));

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

const tensors = "tuple(string name, tuple(int128 value, int128 decimals)[] values, uint32[] shape)[] numbers, tuple(string name, string[] values)[] strings";
const request = `tuple(uint8 mode, string modelCID, tuple(${tensors}) input)`;
const response = `tuple(${tensors}, tuple(string name, string value)[] jsons, bool is_simulation_result)`;
const coder = ethers.AbiCoder.defaultAbiCoder();
const encode = (v, call) => call ? "0x7289e9c2" + coder.encode([request], [v.request]).slice(2) : coder.encode(["string", request, response], [v.id, v.request, v.response]);
check("selector", ethers.id("runModelInference((uint8,string,((string,(int128,int128)[],uint32[])[],(string,string[])[])))").startsWith("0x7289e9c2"));
check("topic", ethers.id("ModelInferenceEvent(string,(uint8,string,((string,(int128,int128)[],uint32[])[],(string,string[])[])),((string,(int128,int128)[],uint32[])[],(string,string[])[],(string,string)[],bool))")
	=== "0x1b283af3452f3718585ce100f80d9aa81fc60924db4a582a36db6aae3b109d87");

const values = () => [list(3, () => [text(), list(9, () => [int128(), below(2) ? BigInt(below(20)) : int128()]), list(4, () => below(4) ? below(9) : Number(word64() & 0xffffffffn))]), list(2, () => [text(), list(4, text)])];
const valuesJson = ([numbers, strings]) => ({
	numbers: numbers.map(([name, nums, shape]) => ({ name: ofText(name), values: nums.map((pair) => pair.map(String)), shape })),
	strings: strings.map(([name, texts]) => ({ name: ofText(name), values: texts.map(ofText) })),
});
const none = { numbers: [], strings: [] };
const json = (v, call) => ({
	id: call ? "0x" : ofText(v.id), mode: v.request[0], model: ofText(v.request[1]), input: valuesJson(v.request[2]), output: call ? none : valuesJson(v.response),
	jsons: call ? [] : v.response[2].map(([name, value]) => ({ name: ofText(name), value: ofText(value) })), simulated: call ? false : v.response[3],
});

let refused = 0, changed = 0;
for (let i = 0; i < cases; i++) {
	const v = { id: text(), request: [below(3), text(), values()], response: [...values(), list(3, () => [text(), text()]), !!below(2)] };
	const call = !!below(2), data = encode(v, call), name = `case ${i}`;
	check(`${name}: ours reads theirs`, same((await ask({ do: "inference", data, call })).inference, json(v, call)));
	check(`${name}: ours writes the same`, (await ask({ do: "encode", inference: json(v, call), call })).data === data);
	// A byte changed: never what was there before, unless it is not part of any value.
	const bytes = ethers.getBytes(data), at = (call ? 4 : 0) + below(bytes.length - (call ? 4 : 0));
	bytes[at] ^= 1 << below(8);
	const bent = await ask({ do: "inference", data: ethers.hexlify(bytes), call });
	bent.error ? refused++ : changed++;
	check(`${name}: a bent byte`, bent.error || !same(bent.inference, json(v, call)));
	const short = await ask({ do: "inference", data: ethers.dataSlice(data, 0, below(bytes.length)), call });
	check(`${name}: cut short`, short.error);
}
check("bent bytes are refused and read", refused > cases / 10 && changed > cases / 10);

// Lists that lie upon each other: small data must not become large.
{
	const w = (n) => BigInt(n).toString(16).padStart(64, "0"), n = 1000;
	// request at 0x20: mode, model (empty), input; its numbers: n offsets, all to one tensor with n numbers
	const tensor = w(0x60) + w(0x80) + w(0x80 + 32 + n * 64) + w(0) + w(n) + w(0).repeat(2 * n) + w(0);
	const numbers = w(n) + w(n * 32).repeat(n) + tensor;
	const input = w(0x40) + w(0x40 + numbers.length / 2) + numbers + w(0);
	const data = "0x7289e9c2" + w(0x20) + w(0) + w(0x60) + w(0x80) + w(0) + input;
	const { error } = await ask({ do: "inference", data, call: true });
	check(`lists upon each other: ${error}`, /more in them than its bytes/.test(error));
}

const batch = ethers.Interface.from(["event BatchSettlement(bytes32 indexed merkleRoot, uint256 batchSize, bytes walrusBlobId)",
	"event IndividualSettlement(bytes32 indexed teeId, address indexed ethAddress, bytes32 inputHash, bytes32 outputHash, uint256 timestamp, bytes walrusBlobId, bytes signature)"]);
const lower = (address) => address.toLowerCase();
for (let i = 0; i < cases; i++) {
	const raw = hex(32), id = Buffer.from(raw.slice(2), "hex").toString("base64url"), big = word64() << BigInt(below(190));
	const blob = [ofText(id), ofText(id), ofText(id + "A"), ofText(id.slice(1)), ofText(id.replace(/.$/, "-")), hex(43), "0x"][below(7)];
	const whole = blob === ofText(id);
	let log = batch.encodeEventLog("BatchSettlement", [hex(32), big, blob]);
	let ours = await ask({ do: "settlement", topics: log.topics, data: log.data });
	check(`batch ${i}`, ours.root === log.topics[1] && ours.size === String(big) && ours.blob === blob && (whole ? ours.walrus === raw : ours.walrus === undefined));
	const v = [hex(32), lower(hex(20)), hex(32), hex(32), big, blob, hex(below(2) ? 256 : below(70))];
	log = batch.encodeEventLog("IndividualSettlement", v);
	ours = await ask({ do: "settlement", topics: log.topics, data: log.data });
	check(`individual ${i}`, same([ours.tee, ours.account, ours.input, ours.output, ours.timestamp, ours.blob, ours.signature], v.map(String)));
	check(`individual ${i} cut`, (await ask({ do: "settlement", topics: log.topics, data: ethers.dataSlice(log.data, 0, below(ethers.dataLength(log.data))) })).error);
}

const record = "address, address, string, bytes, bytes, bytes32, uint8, bool, uint256, uint256";
const ohttp = "tuple(uint8, uint16, uint16, uint16, bytes, bytes, uint256)";
for (let i = 0; i < cases / 4; i++) {
	const v = [lower(hex(20)), lower(hex(20)), text(), hex(below(300)), hex(below(99)), hex(32), below(256), !!below(2), below(2 ** 40), below(2 ** 40)];
	const more = [below(256), below(65536), below(65536), below(65536), hex(below(60)), hex(below(60)), below(2 ** 40)];
	const expected = v.map((value, at) => (at === 2 ? ofText(value) : value));
	check(`record ${i}, short`, same(await ask({ do: "tee", data: coder.encode([`tuple(${record})`], [v]) }), expected));
	check(`record ${i}, long`, same(await ask({ do: "tee", data: coder.encode([`tuple(${record}, ${ohttp})`], [[...v, more]]) }), expected));
}
child.stdin.end();
console.log(`of bent bytes ${refused} are refused, ${changed} read as something else`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
