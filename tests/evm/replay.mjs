// The compiled Judge and Elementary on a second EVM: @ethereumjs/vm, which shares no code with forge's and anvil's.
//
//   node tests/evm/replay.mjs CONTRACTS JUDGE_VECTORS ELEMENTARY_VECTORS [STRIDE]
//
// CONTRACTS is the folder of artifacts (build/contracts), the vectors are those of `make vectors` and of tests/vectors/elementary.
// Every STRIDE-th program (8) and line is replayed: the values must be the vectors'; an opening with one bit changed must revert.
// Prints a line a kind, with the gas of a call of Elementary; exit status 1 at the first difference.
import { readFileSync, readdirSync } from "node:fs";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { Account, createAddressFromString, hexToBytes } from "@ethereumjs/util";
import { createVM } from "@ethereumjs/vm";
import { AbiCoder, Interface, concat } from "ethers";

const GAS = 1n << 40n;
const SENDER = createAddressFromString("0x00000000000000000000000000000000000000aa");
const CODES = { exp: 0x11, log: 0x12, tanh: 0x13, erf: 0x14, sin: 0x19, cos: 0x1a, expm1: 0x1b, log1p: 0x1c, atan: 0x1d, tan: 0x20,
	asin: 0x21, acos: 0x22, sinh: 0x23, cosh: 0x24, asinh: 0x25, acosh: 0x26, atanh: 0x27 };

function fail(text) {
	console.error(text);
	process.exit(1);
}

const hex = (bytes) => "0x" + Buffer.from(bytes).toString("hex");

class Chain {
	static async start() {
		const chain = new Chain();
		// The rules that the contracts are compiled for (evm_version in foundry.toml).
		chain.vm = await createVM({ common: new Common({ chain: Mainnet, hardfork: Hardfork.Cancun }) });
		await chain.vm.stateManager.putAccount(SENDER, new Account(0n, 1n << 80n));
		return chain;
	}

	// Bytes returned and gas, or undefined when it reverts; anything else that goes wrong ends the program.
	async call(to, data) {
		const { execResult: r } = await this.vm.evm.runCall({ caller: SENDER, to, data: hexToBytes(data), gasLimit: GAS, isStatic: true });
		if (r.exceptionError === undefined) return { value: r.returnValue, gas: r.executionGasUsed };
		if (r.exceptionError.error !== "revert") fail("the call ended with: " + r.exceptionError.error);
		return undefined;
	}

	async deploy(folder, name, types, values) {
		const artifact = JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8"));
		const data = concat([artifact.bytecode, AbiCoder.defaultAbiCoder().encode(types, values)]);
		const { execResult: r, createdAddress } = await this.vm.evm.runCall({ caller: SENDER, data: hexToBytes(data), gasLimit: GAS });
		if (r.exceptionError !== undefined || createdAddress === undefined) fail(name + ": not deployed: " + r.exceptionError?.error);
		return { address: createdAddress, abi: new Interface(artifact.abi) };
	}
}

function* judgeRecords(path) {
	const data = readFileSync(path);
	let at = 0;
	const number = (n) => {
		const v = BigInt("0x" + data.subarray(at, at + n).toString("hex"));
		at += n;
		return v;
	};
	const bytes = (n) => data.subarray(at, (at += n));
	while (at < data.length) {
		const descriptor = bytes(Number(number(2)));
		const [element, t, prev] = [number(8), number(4), number(8)];
		const [root, depth] = [[], []];
		for (let space = 0; space < 4; space++) {
			root.push(hex(bytes(32)));
			depth.push(number(1));
		}
		const openings = Buffer.from(bytes(Number(number(4))));
		yield { descriptor, element, t, prev, roots: { root, depth }, openings, expected: number(8) };
	}
}

async function replayJudge(chain, judge, folder, stride) {
	const files = readdirSync(folder).filter((name) => name.endsWith(".bin")).sort().filter((_, i) => i % stride === 0);
	let steps = 0, refused = 0;
	const encode = (r) => judge.abi.encodeFunctionData("judge", [r.descriptor, r.element, r.t, r.prev, r.roots, r.openings]);
	for (const name of files) {
		for (const r of judgeRecords(`${folder}/${name}`)) {
			const got = await chain.call(judge.address, encode(r));
			if (got === undefined || BigInt(hex(got.value)) !== r.expected)
				fail(`${name}, record: ${got === undefined ? "reverted" : hex(got.value)}, right is ${r.expected.toString(16)}`);
			steps++;
			if (r.openings.length === 0 || steps % 4 !== 0) continue;
			r.openings[(steps * 7919) % r.openings.length] ^= 1 << (steps & 7);
			if (await chain.call(judge.address, encode(r))) fail(`${name}: an opening with a bit changed was accepted`);
			refused++;
		}
	}
	if (files.length < 10 || steps < 10 * files.length || refused < steps / 10) fail("too few records to say anything");
	console.log(`Judge: ${steps} steps of ${files.length} programs as the vectors have them, ${refused} changed openings refused`);
}

async function replayElementary(chain, elementary, folder, stride) {
	for (const [name, code] of Object.entries(CODES)) {
		const lines = readFileSync(`${folder}/${name}.txt`, "utf8").trim().split("\n").filter((_, i) => i % stride === 0);
		if (lines.length < 100 / stride) fail(`${name}.txt: too few lines`);
		let [most, total] = [0n, 0n];
		for (const line of lines) {
			const [x, want] = line.split(" ");
			const got = await chain.call(elementary.address, elementary.abi.encodeFunctionData("evaluate", [code, BigInt("0x" + x), 0n]));
			if (got === undefined || BigInt(hex(got.value)) !== BigInt("0x" + want))
				fail(`${name}(${x}): ${got === undefined ? "reverted" : hex(got.value)}, right is ${want}`);
			total += got.gas;
			if (got.gas > most) most = got.gas;
		}
		console.log(`${name}: ${lines.length} values as the vectors have them; gas of a call: mean ${total / BigInt(lines.length)}, most ${most}`);
	}
	if (await chain.call(elementary.address, elementary.abi.encodeFunctionData("evaluate", [0x2f, 0n, 0n]))) fail("an unknown code has a value");
}

const [contracts, judgeVectors, elementaryVectors, stride = "8"] = process.argv.slice(2);
if (!elementaryVectors || !(Number(stride) >= 1)) fail("usage: replay.mjs CONTRACTS JUDGE_VECTORS ELEMENTARY_VECTORS [STRIDE]");
const chain = await Chain.start();
const elementary = await chain.deploy(contracts, "Elementary", [], []);
await replayElementary(chain, elementary, elementaryVectors, Number(stride));
if (judgeVectors !== "-") {
	const judge = await chain.deploy(contracts, "Judge", ["address"], [elementary.address.toString()]);
	await replayJudge(chain, judge, judgeVectors, Number(stride));
}
