// A stage for the audit of OpenGradient's settlements: registry and relays on a development chain, batches with every kind of defect planted, and what is to be found.
// Keys and signatures are node:crypto's, trees OpenZeppelin's, calls ethers': no code of the auditor.
//
//   node opengradient_stage.mjs play RPC CONTRACTS FOLDER SEED BATCHES LEAVES   plays it; FOLDER: blobs/, stage.json (addresses, blocks), expected.json
//   node opengradient_stage.mjs serve FOLDER first|second|gone                  an aggregator; `first` tells lies about some blobs, `gone` has none
//   node opengradient_stage.mjs extend RPC CONTRACTS FOLDER NAME COUNT DEPTH    takes DEPTH blocks back (0: none) and settles COUNT more, without signatures; FOLDER/NAME.json is what is to
//                                                                               be found then; prints the newest block
//   node opengradient_stage.mjs compare FOLDER REPORT [NAME]                    a report of `gainsay watch --json` beside what was planted
import { createHash, constants, generateKeyPairSync, sign } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const { StandardMerkleTree } = require("../node_modules/@openzeppelin/merkle-tree");
const { Interface, keccak256, concat, toBeHex, getCreateAddress } = require("../node_modules/ethers");

const TYPES = ["bytes32", "bytes32", "bytes32", "bytes", "uint256"];
const FALLBACK_TEE = "0xddc21f2d5d0af861b4fc1390df47f1c93bc5aee54e7e31763e97256d56148253";
const SHA256_OF_NOTHING = "0x" + createHash("sha256").digest("hex");
const OVERSIZE = 33 * 1024 * 1024, BLOCK_S = 10;

// --- the chain ---

let url, from, nonce = 0;
async function rpc(method, ...params) {
	const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) });
	const { result, error } = await response.json();
	if (error) throw new Error(`${method}: ${error.message}`);
	return result;
}
async function send(transaction) {
	const hash = await rpc("eth_sendTransaction", { from, gas: "0xe4e1c0", nonce: "0x" + (nonce++).toString(16), ...transaction });
	for (;;) {
		const receipt = await rpc("eth_getTransactionReceipt", hash);
		if (receipt) {
			if (receipt.status !== "0x1") throw new Error(`a transaction of the stage failed: ${hash}`);
			return receipt;
		}
	}
}
const now = async () => Number((await rpc("eth_getBlockByNumber", "latest", false)).timestamp);

class Contract {
	static async deploy(folder, name) {
		const { abi, bytecode } = JSON.parse(readFileSync(`${folder}/Network.sol/${name}.json`));
		const made = new Contract();
		made.abi = new Interface(abi);
		made.at = getCreateAddress({ from, nonce });
		made.block = Number((await send({ data: bytecode.object })).blockNumber);
		return made;
	}
	async call(name, ...values) {
		return send({ to: this.at, data: this.abi.encodeFunctionData(name, values) });
	}
}

// --- what is drawn ---

let state;
function word64() { // splitmix64
	state = (state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
	let z = state;
	z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
	z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
	return z ^ (z >> 31n);
}
const below = (n) => Number(word64() % BigInt(n));
const bytes = (n) => Buffer.from(Array.from({ length: n }, () => below(256)));
const hash = () => "0x" + bytes(32).toString("hex");
const blobId = () => bytes(32).toString("base64url");

function newKey(kind = "rsa", options = { modulusLength: 2048, publicExponent: 65537 }) {
	const { publicKey, privateKey } = generateKeyPairSync(kind, options);
	const spki = publicKey.export({ type: "spki", format: "der" });
	return { privateKey, spki, id: keccak256(spki) };
}
const signed = (key, message) => "0x" + sign("sha256", Buffer.from(message.slice(2), "hex"),
	{ key: key.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }).toString("hex");
// A settled inference by this TEE: [teeId, inputHash, outputHash, signature, timestamp].
function inference(tee, time, { signer = tee, input = hash(), output = hash() } = {}) {
	const message = keccak256(concat([input, output, toBeHex(time, 32)]));
	return [tee.id, input, output, signed(signer, message), String(time)];
}

// --- playing ---

async function play([rpcUrl, contracts, folder, seed, batches, leaves]) {
	url = rpcUrl;
	state = BigInt(seed) * 0xd1342543de82ef95n & 0xffffffffffffffffn;
	[batches, leaves] = [Number(batches), Number(leaves)];
	mkdirSync(`${folder}/blobs`, { recursive: true });
	from = (await rpc("eth_accounts"))[0];
	nonce = Number(await rpc("eth_getTransactionCount", from, "latest"));
	await rpc("anvil_setBlockTimestampInterval", BLOCK_S);

	const registry = await Contract.deploy(contracts, "TEERegistry");
	const relay = await Contract.deploy(contracts, "InferenceSettlementRelay");
	const single = await Contract.deploy(contracts, "InferenceSettlementRelay");
	const expected = {}, totals = {}, special = {};
	const note = (place, finding) => {
		if (finding !== "valid") expected[place] = finding;
		totals[finding] = (totals[finding] ?? 0) + 1;
	};

	const image = () => [bytes(48), bytes(48), bytes(48)];
	const [plain, revoked, shared] = [image(), image(), image()];
	const document = (of) => Buffer.concat(of), pcrHash = (of) => keccak256(document(of));
	const approve = (of, type) => registry.call("approvePCR", of, "1.0", type);
	const register = (tee, of, type) => registry.call("registerTEEWithAttestation", document(of), tee.spki, "0x74", from, "https://tee.example", type);

	// Posts a batch. findings: of its leaves, by index; of: what the batch comes to; change: what becomes of the dump's text; root, count, id: what the chain is told.
	async function post(values, findings = {}, { of = "valid", change = (text) => text, root, count, id = blobId(), sort = true, file = true, seen = true } = {}) {
		const tree = StandardMerkleTree.of(values, TYPES, { sortLeaves: sort });
		const text = change(JSON.stringify(tree.dump()), tree);
		if (file) writeFileSync(`${folder}/blobs/${id}`, text);
		const { logs } = await relay.call("batchSettle", root ?? tree.root, count ?? values.length, Buffer.from(id));
		const place = `${Number(logs[0].blockNumber)}:${Number(logs[0].logIndex)}`;
		note(place, of);
		if (seen) values.forEach((_, i) => note(`${place}:${i}`, findings[i] ?? "valid"));
		return { id, place, root: tree.root, text };
	}
	async function settle(value, finding) {
		const { logs } = await single.call("settleIndividual", value[0], value[1], value[2], value[4], from, Buffer.from(blobId()), value[3]);
		const place = `${Number(logs[0].blockNumber)}:${Number(logs[0].logIndex)}`;
		note(place, "valid");
		note(`${place}:0`, finding);
	}

	// The registry: three images; TEEs that stay, go and return; keys of kinds that are not taken.
	const tees = [newKey(), newKey(), newKey()], going = newKey(), imaged = newKey(), ambiguous = newKey();
	const unknown = newKey(), late = newKey();
	const small = newKey("rsa", { modulusLength: 2048, publicExponent: 3 }), curve = newKey("ec", { namedCurve: "P-256" });
	await registry.call("setAWSRootCertificate", "0x01");
	await approve(plain, 1);
	await approve(revoked, 1);
	await approve(shared, 0);
	await approve(shared, 1);
	for (const tee of [...tees, going, small, curve]) await register(tee, plain, 1);
	await register(imaged, revoked, 1);
	await register(ambiguous, shared, 1);
	for (const tee of tees) await registry.call("heartbeat", tee.id, await now());
	const time = async () => (await now()) - below(BLOCK_S);
	const good = async (n = leaves) => {
		const at = await time();
		return Array.from({ length: n }, () => inference(tees[below(tees.length)], at - below(3)));
	};
	const first = Number(await rpc("eth_blockNumber")) + 1;

	// Leaves.
	const kept = (await good(1))[0];
	await post([kept, ...(await good())]);
	{
		const at = await time(), t = tees[0], twice = inference(t, at);
		const flipped = inference(t, at), short = inference(t, at), spoiled = inference(t, at);
		flipped[3] = flipped[3].slice(0, 40) + (flipped[3][40] === "0" ? "1" : "0") + flipped[3].slice(41);
		short[3] = short[3].slice(0, -2);
		const values = [inference(t, at), inference(t, at, { signer: tees[1] }), flipped, short, [t.id, hash(), hash(), "0x", String(at)],
			[FALLBACK_TEE, hash(), hash(), flipped[3], String(at)], inference(t, at, { signer: tees[1], input: SHA256_OF_NOTHING }),
			inference(unknown, at), inference(late, at), [small.id, ...twice.slice(1)], [curve.id, ...twice.slice(1)], twice, twice, kept, spoiled];
		await post(values, { 1: "signature", 2: "signature", 3: "signature-length", 4: "no-signature", 5: "fallback-tee", 6: "fallback-hash", 7: "no-key", 8: "no-key",
			9: "key-refused", 10: "key-refused", 12: "duplicate", 13: "duplicate", 14: "encoding" },
		{ change: (text) => text.replace(`"${spoiled[3]}","${at}"`, `"${spoiled[3]}","x${at}"`) });
		await settle(inference(t, at), "valid");
		await settle(inference(t, at, { signer: tees[2] }), "signature");
		await settle([t.id, hash(), hash(), "0x", String(at)], "no-signature");
		await settle(kept, "duplicate");
		await settle(inference(unknown, at), "no-key");
	}
	await register(late, plain, 1);
	await post([inference(late, await time())]);

	// A TEE that is disabled, and enabled again.
	const before = inference(going, await time());
	await post([inference(going, await time())]);
	await registry.call("disableTEE", going.id);
	await post([before, inference(going, (await now()) + 1), inference(going, (await now()) + 100000), ...(await good(2))],
		{ 0: "disabled-since", 1: "tee-disabled", 2: "tee-disabled" });
	await registry.call("enableTEE", going.id);
	await post([inference(going, await now())]);

	// An image that is revoked, and approved again; and one of which nobody can tell for which type it was.
	const earlier = inference(imaged, await time());
	await registry.call("revokePCR", pcrHash(revoked), 1);
	await post([earlier, inference(imaged, (await now()) + 1)], { 0: "image-since", 1: "image" });
	await approve(revoked, 1);
	await post([inference(imaged, await now()), inference(ambiguous, await now())]);
	await registry.call("revokePCROfAll", pcrHash(shared), 0);
	await post([inference(ambiguous, await now())], { 0: "image-unknown" });

	// Batches. What has no blob has no leaves.
	const deep = "[".repeat(10000) + "]".repeat(10000);
	const altered = (text, tree) => { const dump = tree.dump(); dump.values[0].value[2] = hash(); return JSON.stringify(dump); };
	const node = (text, tree) => { const dump = tree.dump(); dump.tree[1] = hash(); return JSON.stringify(dump); };
	await post(await good(), {}, { of: "root", root: hash() });
	await post(await good(), { 0: "signature" }, { of: "root", change: altered });
	await post(await good(), {}, { of: "count", count: leaves + 1 });
	await post(await good(), {}, { of: "count", count: 2n ** 200n });
	await post(await good(), {}, { of: "blob-tree", change: node });
	const unsorted = await good();
	const leaf = (value) => StandardMerkleTree.of([value], TYPES).root;
	unsorted.sort((a, b) => (leaf(a) < leaf(b) ? -1 : 1)); // the library's own order; two in other pairs make another root
	[unsorted[0], unsorted[2]] = [unsorted[2], unsorted[0]];
	await post(unsorted, {}, { of: "unsorted", sort: false });
	await post(await good(), {}, { of: "blob-id", id: "not a blob's id", file: false, seen: false });
	await post(await good(), {}, { of: "blob-json", change: (text) => text.slice(0, text.length / 2), seen: false });
	await post(await good(), {}, { of: "blob-json", change: (text) => text.replace('"format"', '"format":"standard-v1","format"'), seen: false });
	await post(await good(), {}, { of: "blob-limit", change: () => deep, seen: false });
	await post(await good(), {}, { of: "blob-format", change: (text) => text.replace("standard-v1", "standard-v9"), seen: false });
	await post(await good(), {}, { of: "blob-missing", file: false, seen: false });
	for (const [finding, what] of [["blob-limit", "oversize"], ["blob-unreached", "cut"], ["blob-unreached", "error"]])
		special[(await post(await good(), {}, { of: finding, seen: false })).id] = { what, by: "all" };
	const honest = await post(await good());
	special[honest.id] = { what: "other", by: "first" }; // the second aggregator has the right one
	const alone = await post(await good());
	special[alone.id] = { what: "none", by: "first" };

	// And many that are as they should be.
	while (batches-- > 0) {
		await post(await good());
		if (batches % 50 === 1) await registry.call("heartbeat", tees[0].id, await now());
	}
	const last = Number(await rpc("eth_blockNumber"));
	writeFileSync(`${folder}/special.json`, JSON.stringify(special));
	writeFileSync(`${folder}/expected.json`, JSON.stringify({ expected, totals }, null, 1));
	writeFileSync(`${folder}/stage.json`, JSON.stringify({ registry: registry.at, batch: relay.at, individual: single.at, registry_block: registry.block, first, last }));
	console.log(Object.entries(totals).map(([finding, n]) => `${finding} ${n}`).join(", "));
}

async function extend([rpcUrl, contracts, folder, name, count, depth]) {
	url = rpcUrl;
	state = 7n;
	from = (await rpc("eth_accounts"))[0];
	const single = new Contract(), { individual } = JSON.parse(readFileSync(`${folder}/stage.json`));
	single.abi = new Interface(JSON.parse(readFileSync(`${contracts}/Network.sol/InferenceSettlementRelay.json`)).abi);
	single.at = individual;
	if (Number(depth)) await rpc("anvil_reorg", Number(depth), []);
	nonce = Number(await rpc("eth_getTransactionCount", from, "latest"));
	const { expected, totals } = JSON.parse(readFileSync(`${folder}/expected.json`));
	for (let i = 0; i < Number(count); i++) {
		const { logs } = await single.call("settleIndividual", hash(), hash(), hash(), 1, from, Buffer.from(blobId()), "0x");
		expected[`${Number(logs[0].blockNumber)}:${Number(logs[0].logIndex)}:0`] = "no-signature";
		totals["no-signature"]++;
		totals.valid++;
	}
	writeFileSync(`${folder}/${name}.json`, JSON.stringify({ expected, totals }, null, 1));
	console.log(Number(await rpc("eth_blockNumber")));
}

// --- serving ---

function serve([folder, name]) {
	const special = JSON.parse(readFileSync(`${folder}/special.json`));
	let asked = 0;
	const server = createServer((request, response) => {
		asked++;
		const id = request.url.replace("/v1/blobs/", "");
		if (request.url === "/asked") return response.end(String(asked - 1));
		const path = `${folder}/blobs/${id}`;
		const rule = special[id] && (special[id].by === "all" || special[id].by === name) ? special[id].what : "";
		if (name === "gone" || !/^[A-Za-z0-9_-]{43}$/.test(id) || !existsSync(path) || rule === "none") {
			response.statusCode = 404;
			return response.end("no such blob");
		}
		if (rule === "error") {
			response.statusCode = 500;
			return response.end("not now");
		}
		let body = readFileSync(path);
		if (rule === "oversize") body = Buffer.alloc(OVERSIZE, " ");
		if (rule === "other") { // another batch's dump, made up
			const tree = StandardMerkleTree.of([["0x" + "11".repeat(32), "0x" + "22".repeat(32), "0x" + "33".repeat(32), "0x", "1"]], TYPES);
			body = Buffer.from(JSON.stringify(tree.dump()));
		}
		response.setHeader("content-length", body.length);
		if (rule !== "cut") return response.end(body);
		response.write(body.subarray(0, body.length / 2), () => response.destroy());
	});
	server.listen(0, "127.0.0.1", () => console.log(`Listening on 127.0.0.1:${server.address().port}`));
}

// --- comparing ---

function compare([folder, file, name = "expected"]) {
	const { expected, totals } = JSON.parse(readFileSync(`${folder}/${name}.json`));
	const report = JSON.parse(readFileSync(file));
	const found = {}, wrong = [];
	for (const d of report.defects) found[d.leaf === undefined ? `${d.block}:${d.log}` : `${d.block}:${d.log}:${d.leaf}`] = d.finding;
	for (const [place, finding] of Object.entries(expected))
		if (found[place] !== finding) wrong.push(`${place}: ${finding} was planted, ${found[place] ?? "nothing"} was found`);
	for (const [place, finding] of Object.entries(found))
		if (!expected[place]) wrong.push(`${place}: ${finding} was found, nothing was planted`);
	const counted = {};
	for (const counts of [report.settlement_findings, report.leaf_findings])
		for (const [finding, n] of Object.entries(counts)) counted[finding] = (counted[finding] ?? 0) + n;
	for (const finding of new Set([...Object.keys(totals), ...Object.keys(counted)]))
		if (totals[finding] !== counted[finding]) wrong.push(`${finding}: ${totals[finding] ?? 0} planted, ${counted[finding] ?? 0} counted`);
	wrong.slice(0, 20).forEach((line) => console.log(line));
	console.log(`${Object.keys(expected).length} defects of ${Object.keys(totals).length - 1} kinds planted, ${wrong.length} differences`);
	process.exitCode = wrong.length ? 1 : 0;
}

const [what, ...rest] = process.argv.slice(2);
await { play, extend, serve, compare }[what](rest);
