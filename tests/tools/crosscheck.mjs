// Keys, addresses, transactions, typed data and keystores: ours beside ethers, viem and cast, both ways, over cases drawn from a seed.
//
//   node crosscheck.mjs CROSS_TOOL CAST WORKDIR SEED CASES CAST_CASES KEYSTORE_CASES
import { spawn, execFile } from "node:child_process";
import { createInterface } from "node:readline";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { AsyncLocalStorage } from "node:async_hooks";
const require = createRequire(import.meta.url);
const { ethers } = require("../node_modules/ethers");
const viem = require("../node_modules/viem");
const accounts = require("../node_modules/viem/accounts");
const op = require("../node_modules/viem/op-stack");
const run = promisify(execFile);

const [tool, cast, work, seed, cases, castCases, keystoreCases] = process.argv.slice(2).map((v, i) => (i < 3 ? v : Number(v)));

// --- cases side by side, so that nobody waits for another program's turn; each draws from a state of its own, which the seed repeats ---
const LANES = 8;
const drawing = new AsyncLocalStorage();
function word64() { // splitmix64
	const own = drawing.getStore();
	own.state = (own.state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
	let z = own.state;
	z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
	z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
	return z ^ (z >> 31n);
}
async function each(kind, count, work) {
	let next = 0;
	const lane = async () => {
		for (let i = next++; i < count; i = next++)
			await drawing.run({ state: ((BigInt(seed) << 32n) | (BigInt(kind) << 24n) | BigInt(i)) * 0xd1342543de82ef95n & 0xffffffffffffffffn }, () => work(i));
	};
	await Promise.all(Array.from({ length: LANES }, lane));
}
const below = (n) => Number(word64() % BigInt(n));
const pick = (list) => list[below(list.length)];
const hexBytes = (n) => "0x" + Array.from({ length: n }, () => below(256).toString(16).padStart(2, "0")).join("");
const bigBits = (bits) => { // of a drawn length, so that small and huge ones come
	const n = below(bits + 1);
	let v = 0n;
	for (let i = 0; i < n; i += 64) v = (v << 64n) | word64();
	return n ? (v & ((1n << BigInt(n)) - 1n)) | (1n << BigInt(n - 1)) : 0n;
};
const quantity = (v) => "0x" + v.toString(16);
const address = () => ethers.getAddress(pick([() => "0x" + "00".repeat(20), () => "0x" + "ff".repeat(20), () => hexBytes(20), () => hexBytes(20)])());
const key = () => { const k = hexBytes(32); return BigInt(k) > 0n && BigInt(k) < 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n ? k : key(); };

// --- the tool, a request and an answer a line ---
const child = spawn(tool, { stdio: ["pipe", "pipe", "inherit"] });
const waiting = [];
createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()(JSON.parse(line)));
child.on("exit", (code) => { for (const w of waiting) w({ error: `the tool ended with ${code}` }); });
const ask = (request) => new Promise((done) => { waiting.push(done); child.stdin.write(JSON.stringify(request) + "\n"); });

let failed = 0;
const counts = {};
function same(what, got, expected, about) {
	counts[what] = (counts[what] ?? 0) + 1;
	if (got === expected) return;
	if (failed++ < 10) console.log(`FAIL ${what}: got ${got}, expected ${expected}: ${JSON.stringify(about, (k, v) => (typeof v === "bigint" ? v.toString() : v)).slice(0, 600)}`);
}

// --- transactions ---
function drawTx() {
	const fee = bigBits(pick([40, 64, 128]));
	return {
		chainId: quantity(pick([1n, 8453n, 31337n, BigInt(1 + below(2 ** 31))])),
		nonce: quantity(pick([0n, BigInt(below(128)), BigInt(below(2 ** 40))])),
		gas: quantity(pick([21000n, BigInt(below(2 ** 31)), bigBits(53)])),
		fee: quantity(fee),
		tip: quantity(pick([0n, fee, fee / 3n])),
		value: quantity(pick([0n, bigBits(64), bigBits(256)])),
		data: hexBytes(pick([0, 0, 1, 4, 31, 32, 55, 56, 57, 68, 255, 256, 300, 2000])),
		to: below(8) === 0 ? "" : address(),
	};
}
const ethersTx = (t) => ethers.Transaction.from({ type: 2, chainId: BigInt(t.chainId), nonce: Number(t.nonce), gasLimit: BigInt(t.gas), maxFeePerGas: BigInt(t.fee),
	maxPriorityFeePerGas: BigInt(t.tip), value: BigInt(t.value), data: t.data, to: t.to || null });
const viemTx = (t) => ({ type: "eip1559", chainId: Number(t.chainId), nonce: Number(t.nonce), gas: BigInt(t.gas), maxFeePerGas: BigInt(t.fee), maxPriorityFeePerGas: BigInt(t.tip),
	value: BigInt(t.value), data: t.data, ...(t.to ? { to: t.to } : {}) });

async function transaction(useCast) {
	const k = key(), t = drawTx();
	const ours = await ask({ do: "sign", key: k, tx: t });
	// ours to theirs: RFC 6979 makes signatures comparable byte for byte
	const tx = ethersTx(t), wallet = new ethers.Wallet(k);
	tx.signature = wallet.signingKey.sign(tx.unsignedHash);
	same("transactions signed like ethers", ours.raw, tx.serialized, t);
	same("transactions that ethers reads", ours.raw && ethers.Transaction.from(ours.raw).from, wallet.address, t);
	same("hashes of transactions", ours.hash, tx.hash, t);
	// viem writes fee above 2^256-1 never, and wants tip <= fee, as drawn
	const theirs = await accounts.privateKeyToAccount(k).signTransaction(viemTx(t));
	same("transactions signed like viem", ours.raw, theirs, t);
	same("transactions that viem reads", await viem.recoverTransactionAddress({ serializedTransaction: ours.raw }), wallet.address, t);
	// theirs to ours
	for (const raw of [tx.serialized, theirs]) {
		const read = await ask({ do: "read", raw });
		same("transactions of theirs that we read", JSON.stringify([read.from, read.chainId, read.nonce, read.gas, read.fee, read.tip, read.value, read.data, read.to]),
			JSON.stringify([wallet.address, t.chainId, t.nonce, t.gas, t.fee, t.tip, t.value, t.data, t.to]), { t, read });
	}
	// theirs of other kinds, that we must refuse
	const other = pick([{ type: 0, gasPrice: BigInt(t.fee) }, { type: 1, gasPrice: BigInt(t.fee), accessList: [] }, { type: 2, maxFeePerGas: BigInt(t.fee), maxPriorityFeePerGas: BigInt(t.tip), accessList: [{ address: address(), storageKeys: [hexBytes(32)] }] }]);
	const raw = await wallet.signTransaction({ chainId: BigInt(t.chainId), nonce: Number(t.nonce), gasLimit: BigInt(t.gas), value: BigInt(t.value), data: t.data, to: t.to || null, ...other });
	same("transactions of other types refused", (await ask({ do: "read", raw })).error, "unsupported", other);
	// a flipped bit is never read as the same sender's
	const at = 2 + below(ours.raw.length - 2), digit = (parseInt(ours.raw[at], 16) ^ (1 << below(4))).toString(16);
	const broken = await ask({ do: "read", raw: ours.raw.slice(0, at) + digit + ours.raw.slice(at + 1) });
	same("flipped bits seen", broken.error !== undefined || broken.from !== wallet.address, true, t);
	if (!useCast) return;
	const words = ["mktx", "--private-key", k, "--chain", BigInt(t.chainId).toString(), "--nonce", BigInt(t.nonce).toString(), "--gas-limit", BigInt(t.gas).toString(), "--gas-price", BigInt(t.fee).toString(),
		"--priority-gas-price", BigInt(t.tip).toString(), "--value", BigInt(t.value).toString()];
	if (BigInt(t.fee) < 1n << 128n) {
		const { stdout } = await run(cast, t.to ? [...words, t.to, t.data] : [...words, "--create", t.data]).catch((e) => ({ stdout: String(e.stderr) }));
		same("transactions signed like cast", ours.raw, stdout.trim(), t);
		const { stdout: text } = await run(cast, ["decode-transaction", ours.raw]);
		const once = JSON.parse(text); // some versions write JSON in a JSON string
		const read = typeof once === "string" ? JSON.parse(once) : once;
		same("transactions that cast reads", JSON.stringify([ethers.getAddress(read.signer), read.nonce, read.value, read.input]), JSON.stringify([wallet.address, t.nonce, t.value, t.data]), read);
	}
}

// --- deposits through L1 ---
const portal = require("../node_modules/viem/_cjs/op-stack/abis.js").portalAbi;
async function deposits() {
	const isCreation = below(8) === 0;
	const d = { to: isCreation ? "0x" + "00".repeat(20) : address(), value: quantity(pick([0n, bigBits(64), bigBits(256)])), gas: quantity(pick([21000n, BigInt(below(2 ** 31)), bigBits(64)])), isCreation,
		data: hexBytes(pick([0, 0, 1, 4, 31, 32, 33, 55, 56, 200, 1000, 4000])) };
	const from = address(), mint = pick([0n, bigBits(64), bigBits(256)]);
	// ours to theirs: viem builds the request and writes the call
	const built = await op.buildDepositTransaction({ chain: undefined }, { account: from, to: isCreation ? undefined : d.to, isCreation, value: BigInt(d.value), mint, gas: BigInt(d.gas), data: d.data, chain: null });
	const r = built.request;
	const theirs = viem.encodeFunctionData({ abi: portal, functionName: "depositTransaction", args: [r.to ?? "0x" + "00".repeat(20), r.value ?? 0n, r.gas, r.isCreation ?? false, r.data ?? "0x"] });
	const { call } = await ask({ do: "deposit", deposit: d });
	same("deposits called like viem", call, theirs, d);
	const read = call && viem.decodeFunctionData({ abi: portal, data: call });
	same("deposits of ours that viem reads", JSON.stringify(read?.args.map(String)), JSON.stringify([ethers.getAddress(d.to), BigInt(d.value), BigInt(d.gas), isCreation, d.data].map(String)), d);
	// theirs to ours: the event, and the hash of what follows from it
	const opaqueData = viem.encodePacked(["uint256", "uint256", "uint64", "bool", "bytes"], [mint, BigInt(d.value), BigInt(d.gas), isCreation, d.data]);
	const topics = viem.encodeEventTopics({ abi: portal, eventName: "TransactionDeposited", args: { from, to: d.to, version: 0n } });
	const log = { topics, data: viem.encodeAbiParameters([{ type: "bytes" }], [opaqueData]), blockHash: hexBytes(32), logIndex: pick([0, below(300), below(2 ** 31)]) };
	const ours = await ask({ do: "deposited", log: { ...log, logIndex: quantity(log.logIndex) } });
	const [event] = op.extractTransactionDepositedLogs({ logs: [log] });
	same("source hashes like viem's", ours.source, op.getSourceHash({ domain: "userDeposit", l1BlockHash: log.blockHash, l1LogIndex: log.logIndex }), d);
	same("hashes of deposits like viem's", ours.hash, op.getL2TransactionHash({ log: event }), { d, log });
	same("deposits that we read", JSON.stringify([ours.from, ours.to, ours.mint, ours.value, ours.gas, ours.isCreation, ours.data]), JSON.stringify([from, ethers.getAddress(d.to), quantity(mint), d.value, d.gas, isCreation, d.data]), ours);
	const other = await ask({ do: "deposited", log: { ...log, logIndex: "0x0", topics: [...topics.slice(0, 3), viem.numberToHex(1 + below(1000), { size: 32 })] } });
	same("deposits of other versions refused", other.error, "unsupported", other);
}

// --- addresses ---
async function addresses(useCast) {
	const a = hexBytes(20), k = key();
	const text = ethers.getAddress(a);
	same("checksums like ethers'", (await ask({ do: "address", text: a })).address, text, a);
	same("checksums like viem's", (await ask({ do: "address", text: a })).address, viem.getAddress(a), a);
	same("checksums taken", (await ask({ do: "address", text })).address, text, a);
	const letters = [...text].map((c, i) => [c, i]).filter(([c, i]) => i > 1 && /[a-fA-F]/.test(c));
	if (letters.length > 1) {
		const [c, i] = pick(letters);
		const wrong = text.slice(0, i) + (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()) + text.slice(i + 1);
		if (wrong !== wrong.toLowerCase() && wrong.slice(2) !== wrong.slice(2).toUpperCase()) same("wrong checksums refused", (await ask({ do: "address", text: wrong })).error, "invalid", wrong);
	}
	same("accounts of keys", (await ask({ do: "account", key: k })).address, ethers.computeAddress(k), k);
	if (useCast) same("accounts of keys like cast's", (await ask({ do: "account", key: k })).address, (await run(cast, ["wallet", "address", "--private-key", k])).stdout.trim(), k);
}

// --- typed data ---
const atomic = () => pick([`uint${8 * (1 + below(32))}`, `int${8 * (1 + below(32))}`, `bytes${1 + below(32)}`, "bool", "address", "string", "bytes"]);
function drawType(names, depth) {
	const base = names.length && below(3) === 0 ? pick(names) : atomic();
	const list = below(4) === 0 ? pick(["[]", "[2]", "[][]", "[3]", "[1]"]) : "";
	return base + (depth < 3 ? list : "");
}
function drawValue(type, types) {
	const list = type.match(/^(.*)\[(\d*)\]$/);
	if (list) return Array.from({ length: list[2] === "" ? below(4) : Number(list[2]) }, () => drawValue(list[1], types));
	if (types[type]) return Object.fromEntries(types[type].map((m) => [m.name, drawValue(m.type, types)]));
	if (type === "string") return pick(["", "Hello, Bob!", "grün – 緑 🌿", "x".repeat(below(200)), 'quote " and \\ and \n']);
	if (type === "bytes") return hexBytes(pick([0, 1, 31, 32, 33, below(200)]));
	if (type === "bool") return below(2) === 1;
	if (type === "address") return address().toLowerCase();
	const bits = Number(type.match(/\d+$/)[0]);
	if (type.startsWith("bytes")) return hexBytes(bits);
	if (type.startsWith("uint")) return pick([0n, (1n << BigInt(bits)) - 1n, bigBits(bits)]).toString();
	const v = pick([0n, (1n << BigInt(bits - 1)) - 1n, bigBits(bits - 1)]);
	return (below(2) ? v : pick([-v, -(1n << BigInt(bits - 1))])).toString();
}
function drawTyped() {
	const types = {}, names = ["Leaf", "Node", "Alpha", "Zulu"].slice(0, 1 + below(4));
	names.forEach((name, i) => { // a struct leads only to those before it, so that all end
		types[name] = Array.from({ length: 1 + below(5) }, (_, n) => ({ name: `m${n}`, type: drawType(names.slice(0, i), i) }));
	});
	// whatever is not reached from the last is no part of it
	const primaryType = "Root";
	types[primaryType] = [...names.map((n, i) => ({ name: `s${i}`, type: n })), { name: "last", type: atomic() }];
	const domain = {};
	if (below(4)) domain.name = pick(["Gainsay", "Ether Mail", ""]);
	if (below(4)) domain.version = pick(["1", "2.0"]);
	if (below(4)) domain.chainId = pick([1, 8453, 31337]);
	if (below(4)) domain.verifyingContract = address().toLowerCase();
	if (below(4) === 0 || Object.keys(domain).length === 0) domain.salt = hexBytes(32);
	return { types, primaryType, domain, message: drawValue(primaryType, types) };
}
async function typedData(useCast, i) {
	const k = key(), data = drawTyped(), wallet = new ethers.Wallet(k);
	const ours = await ask({ do: "typed", key: k, data });
	same("typed digests like ethers'", ours.digest, ethers.TypedDataEncoder.hash(data.domain, data.types, data.message), data);
	const domainTypes = ethers.TypedDataEncoder.getPayload(data.domain, data.types, data.message).types.EIP712Domain;
	const forViem = { ...data, types: { ...data.types, EIP712Domain: domainTypes } };
	same("typed digests like viem's", ours.digest, viem.hashTypedData(forViem), data);
	const theirs = await wallet.signTypedData(data.domain, data.types, data.message);
	same("typed signatures like ethers'", ours.signature, theirs, data);
	same("typed signatures like viem's", ours.signature, await accounts.privateKeyToAccount(k).signTypedData(forViem), data);
	same("typed signatures that ethers recovers", ours.signature && ethers.verifyTypedData(data.domain, data.types, data.message, ours.signature), wallet.address, data);
	same("signatures of theirs that we recover", (await ask({ do: "recover", digest: ours.digest, signature: theirs })).address, wallet.address, data);
	// what we would hand to a remote signer is the same data
	const { EIP712Domain, ...rest } = ours.data?.types ?? {};
	same("typed data written for signers", ours.data && ethers.TypedDataEncoder.hash(ours.data.domain, rest, ours.data.message), ours.digest, data);
	same("domains written for signers", JSON.stringify(EIP712Domain), JSON.stringify(domainTypes), data);
	if (!useCast) return;
	const file = path.join(work, `typed${i}.json`);
	fs.writeFileSync(file, JSON.stringify(ours.data));
	const { stdout } = await run(cast, ["wallet", "sign", "--private-key", k, "--data", "--from-file", file]).catch((e) => ({ stdout: String(e.stderr) }));
	same("typed signatures like cast's", ours.signature, stdout.trim(), data);
}

// --- keystores ---
async function keystore(i) {
	const k = key(), password = pick(["", "correct horse", "grün – 緑", "x".repeat(100)]), wallet = new ethers.Wallet(k);
	for (const [pbkdf2, cost] of [[false, 4096], [true, 1024 + i], [false, 2]]) {
		const { text } = await ask({ do: "encrypt", key: k, password, pbkdf2, cost });
		const opened = await ethers.Wallet.fromEncryptedJson(text, password).catch((e) => ({ address: String(e) }));
		same(`keystores of ours that ethers opens (${pbkdf2 ? "pbkdf2" : "scrypt"})`, opened.address, wallet.address, text);
		same("keystores of ours that we open", (await ask({ do: "decrypt", text, password })).key, k, text);
		same("other passphrases refused", (await ask({ do: "decrypt", text, password: password + "!" })).error, "invalid", text);
		if (!pbkdf2 && cost > 2 && password) {
			fs.writeFileSync(path.join(work, `ours${i}`), text);
			const { stdout } = await run(cast, ["wallet", "decrypt-keystore", "--keystore-dir", work, "--unsafe-password", password, `ours${i}`]).catch((e) => ({ stdout: String(e.stderr) }));
			same("keystores of ours that cast opens", stdout.includes(k.slice(2)), true, stdout);
		}
	}
	const theirs = await ethers.encryptKeystoreJson({ address: wallet.address, privateKey: k }, password, { scrypt: { N: pick([1024, 4096]), r: 8, p: pick([1, 2]) } });
	same("keystores of ethers that we open", (await ask({ do: "decrypt", text: theirs, password })).key, k, theirs);
	if (password) {
		await run(cast, ["wallet", "import", "--keystore-dir", work, "--private-key", k, "--unsafe-password", password, `theirs${i}`]);
		same("keystores of cast that we open", (await ask({ do: "decrypt", text: fs.readFileSync(path.join(work, `theirs${i}`), "utf8"), password })).key, k, "");
	}
}

await each(0, cases, async (i) => {
	await transaction(i < castCases);
	await deposits();
	await addresses(i < castCases);
	await typedData(i < castCases, i);
});
await each(1, keystoreCases, keystore);
child.stdin.end();
for (const [what, n] of Object.entries(counts)) console.log(`ok   ${what}: ${n}`);
console.log(`${Object.values(counts).reduce((a, b) => a + b, 0) - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
