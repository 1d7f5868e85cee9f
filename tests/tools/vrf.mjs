// ECVRF-P256-SHA256-TAI once more, written from RFC 9381 on another library's P-256 (@noble/curves), and ours beside it, both ways.
//
//   node vrf.mjs VRF_TOOL SEED CASES
import { spawnSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { p256 } from "../node_modules/@noble/curves/nist.js";

const [tool, seed, cases] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const Point = p256.Point;
const order = Point.Fn.ORDER;
const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
const hmac = (key, ...parts) => createHmac("sha256", key).update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
const number = (bytes) => BigInt("0x" + (Buffer.from(bytes).toString("hex") || "0"));
const bytes = (n, len) => Buffer.from(n.toString(16).padStart(2 * len, "0"), "hex");
const encode = (point) => Buffer.from(point.toBytes(true));
const decode = (b) => Point.fromBytes(Uint8Array.from(b));

// --- RFC 9381 with suite 0x01: cLen 16, qLen 32, ptLen 33, cofactor 1 ---
function toCurve(salt, alpha) { // 5.4.1.1
	for (let ctr = 0; ctr < 256; ctr++)
		try {
			return decode(Buffer.concat([Buffer.from([2]), sha256([1, 1], salt, alpha, [ctr, 0])]));
		} catch {
			continue; // no point has this x
		}
	throw new Error("no point");
}
function nonce(secret, message) { // 5.4.2.1, RFC 6979, 3.2
	const h1 = bytes(number(sha256(message)) % order, 32), x = bytes(secret, 32);
	let v = Buffer.alloc(32, 1), k = Buffer.alloc(32, 0);
	k = hmac(k, v, [0], x, h1), v = hmac(k, v);
	k = hmac(k, v, [1], x, h1), v = hmac(k, v);
	for (;;) {
		v = hmac(k, v);
		const drawn = number(v);
		if (drawn > 0n && drawn < order)
			return drawn;
		k = hmac(k, v, [0]), v = hmac(k, v);
	}
}
const challenge = (...points) => sha256([1, 2], ...points.map(encode), [0]).subarray(0, 16); // 5.4.3
const hashOf = (gamma) => sha256([1, 3], encode(gamma), [0]); // 5.2
function prove(secret, alpha) { // 5.1
	const y = Point.BASE.multiply(secret), h = toCurve(encode(y), alpha), gamma = h.multiply(secret), k = nonce(secret, encode(h));
	const c = challenge(y, h, gamma, Point.BASE.multiply(k), h.multiply(k));
	const s = (k + number(c) * secret) % order;
	return { key: encode(y), proof: Buffer.concat([encode(gamma), c, bytes(s, 32)]), output: hashOf(gamma) };
}
function verify(key, alpha, proof) { // 5.3; null: refused
	try {
		const y = decode(key), gamma = decode(proof.subarray(0, 33)), cBytes = proof.subarray(33, 49);
		const c = number(cBytes), s = number(proof.subarray(49));
		if (s >= order)
			return null;
		const h = toCurve(key, alpha), times = (point, n) => (n === 0n ? Point.ZERO : point.multiply(n));
		const u = times(Point.BASE, s).subtract(times(y, c)), v = times(h, s).subtract(times(gamma, c));
		return challenge(y, h, gamma, u, v).equals(Buffer.from(cBytes)) ? hashOf(gamma) : null;
	} catch {
		return null; // a point that is none
	}
}

// --- cases that a seed repeats ---
let drawn = 0;
const random = (len) => {
	let out = Buffer.alloc(0);
	while (out.length < len)
		out = Buffer.concat([out, sha256(Buffer.from(`vrf ${seed} ${drawn++}`))]);
	return out.subarray(0, len);
};
function edge(i) { // secrets at the ends of the range before drawn ones
	const ends = [1n, 2n, 3n, order - 1n, order - 2n, 1n << 255n];
	return i < ends.length ? ends[i] : (number(random(32)) % (order - 1n)) + 1n;
}
const text = (alpha) => (alpha.length ? alpha.toString("hex") : "-");
const requests = [], checks = [];
const ask = (request, check) => (requests.push(request), checks.push(check));
let wrong = 0;
const fails = (what) => ++wrong <= 20 && console.log("not ok", what);

for (let i = 0; i < cases; i++) {
	const secret = edge(i), alpha = random([0, 1, 6, 32, 53, 65, 200, 1000][i % 8]), theirs = prove(secret, alpha);
	const joined = [theirs.key, theirs.proof, theirs.output].map((b) => b.toString("hex"));
	ask(`prove ${bytes(secret, 32).toString("hex")} ${text(alpha)}`, (line) => {
		if (line !== joined.join(" "))
			fails(`prove ${i}: ${line} and not ${joined.join(" ")}`);
		else if (!verify(theirs.key, alpha, Buffer.from(line.split(" ")[1], "hex"))?.equals(theirs.output))
			fails(`prove ${i}: the other one does not take the proof`);
	});
	ask(`verify ${joined[0]} ${text(alpha)} ${joined[1]}`, (line) => line === joined[2] || fails(`verify ${i}: ${line}`));
	const bent = Buffer.from(theirs.proof), bit = random(2).readUInt16BE() % (8 * bent.length);
	bent[bit >> 3] ^= 1 << (bit & 7);
	const said = verify(theirs.key, alpha, bent)?.toString("hex") ?? "refused";
	ask(`verify ${joined[0]} ${text(alpha)} ${bent.toString("hex")}`, (line) => (line === said && line === "refused") || fails(`bit ${bit} of ${i}: ${line}, ${said}`));
}
const run = spawnSync(tool, { input: requests.join("\n") + "\n", encoding: "utf8", maxBuffer: 1 << 28 });
const lines = run.stdout.trim().split("\n");
if (run.status !== 0 || lines.length !== requests.length)
	fails(`the tool: status ${run.status}, ${lines.length} answers of ${requests.length}: ${run.stderr}`);
else
	lines.forEach((line, i) => checks[i](line));
console.log(`${wrong ? "not ok" : "ok"} ${cases} cases: proofs made, taken and refused alike (seed ${seed})`);
process.exit(wrong ? 1 : 0);
