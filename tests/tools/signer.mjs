// A remote signer as a process of its own, over ethers: what tests ask to sign, in the spellings of Web3Signer, geth and Clef, honest or not.
//
//   node signer.mjs KEYFILE [--spelling web3signer|geth|clef] [--lie KIND] [--delay MS] [--port N] [--tls CERT KEY CA]
//
// Prints its port. KIND: to, value, chain, nonce, fee, tip, gas, data, key, list, type, malformed, short, nothing, refuse; POST /lie KIND changes it.
// With --tls it asks clients for a certificate of CA.
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const { ethers } = require("../node_modules/ethers");

const args = process.argv.slice(2);
const option = (name, n = 1) => {
	const at = args.indexOf(`--${name}`);
	return at < 0 ? undefined : n === 1 ? args[at + 1] : args.slice(at + 1, at + 1 + n);
};
const wallet = new ethers.Wallet("0x" + fs.readFileSync(args[0], "utf8").trim().replace(/^0x/, ""));
const other = new ethers.Wallet("0x" + "42".repeat(32));
const spelling = option("spelling") ?? "web3signer";
let lie = option("lie") ?? "";
let delay = Number(option("delay") ?? 0);
let served = 0;

const flip = (hex) => hex.slice(0, -1) + (hex.endsWith("0") ? "1" : "0");
const changes = {
	to: (t) => ({ ...t, to: ethers.getAddress(flip((t.to ?? ethers.ZeroAddress).toLowerCase())) }),
	value: (t) => ({ ...t, value: BigInt(t.value) + 1n }),
	chain: (t) => ({ ...t, chainId: BigInt(t.chainId) + 1n }),
	nonce: (t) => ({ ...t, nonce: t.nonce + 1 }),
	fee: (t) => ({ ...t, maxFeePerGas: BigInt(t.maxFeePerGas) * 2n + 1n }),
	tip: (t) => ({ ...t, maxPriorityFeePerGas: BigInt(t.maxPriorityFeePerGas) / 2n + 1n }),
	gas: (t) => ({ ...t, gasLimit: BigInt(t.gasLimit) + 1n }),
	data: (t) => ({ ...t, data: t.data + "00" }),
	list: (t) => ({ ...t, accessList: [{ address: ethers.ZeroAddress, storageKeys: [] }] }),
	type: (t) => {
		const { maxFeePerGas, maxPriorityFeePerGas, ...rest } = t;
		return { ...rest, type: 0, gasPrice: maxFeePerGas };
	},
};

async function signTransaction(asked) {
	if (asked.from.toLowerCase() !== wallet.address.toLowerCase()) throw { code: -32000, message: "Signer not found" };
	if (asked.data !== undefined && asked.input !== undefined && asked.data !== asked.input)
		throw { code: -32602, message: 'both "data" and "input" are set and not equal' };
	let tx = {
		type: 2,
		chainId: BigInt(asked.chainId),
		nonce: Number(asked.nonce),
		to: asked.to ?? null,
		gasLimit: BigInt(asked.gas),
		maxFeePerGas: BigInt(asked.maxFeePerGas),
		maxPriorityFeePerGas: BigInt(asked.maxPriorityFeePerGas),
		value: BigInt(asked.value ?? 0),
		data: spelling === "web3signer" ? asked.data : asked.input,
	};
	if (changes[lie]) tx = changes[lie](tx);
	const raw = await (lie === "key" ? other : wallet).signTransaction(tx);
	if (lie === "short") return raw.slice(0, -2);
	if (lie === "malformed") return "0xnot hex";
	if (lie === "nothing") return null;
	if (lie === "refuse") throw { code: -32000, message: "Request denied" };
	return spelling === "web3signer" ? raw : { raw, tx: {} };
}

async function signTyped(address, data) {
	if (spelling === "web3signer" && typeof data !== "string") throw { code: -32602, message: "Invalid params" };
	const { types, primaryType, domain, message } = typeof data === "string" ? JSON.parse(data) : data;
	if (address.toLowerCase() !== wallet.address.toLowerCase()) throw { code: -32000, message: "Signer not found" };
	const { EIP712Domain, ...rest } = types;
	if (ethers.TypedDataEncoder.from(rest).primaryType !== primaryType) throw { code: -32602, message: "primaryType" };
	if (lie === "refuse") throw { code: -32000, message: "Request denied" };
	if (lie === "value") domain.version += "x";
	return (lie === "key" ? other : wallet).signTypedData(domain, rest, message);
}

const methods = {
	web3signer: { eth_accounts: () => [wallet.address.toLowerCase()], eth_signTransaction: signTransaction, eth_signTypedData: signTyped },
	geth: { eth_accounts: () => [wallet.address.toLowerCase()], eth_signTransaction: signTransaction, eth_signTypedData_v4: signTyped },
	clef: { account_list: () => [wallet.address.toLowerCase()], account_signTransaction: signTransaction, account_signTypedData: signTyped },
}[spelling];

async function answer(text) {
	const { id, method, params } = JSON.parse(text);
	served++;
	try {
		if (!methods[method]) throw { code: -32601, message: `the method ${method} does not exist/is not available` };
		return { jsonrpc: "2.0", id, result: (await methods[method](...params)) ?? null };
	} catch (e) {
		return { jsonrpc: "2.0", id, error: { code: e.code ?? -32603, message: e.message ?? String(e) } };
	}
}

function serve(request, response) {
	let body = "";
	request.on("data", (piece) => (body += piece));
	request.on("end", async () => {
		if (request.url === "/lie") {
			[lie, delay] = [body.split(" ")[0], Number(body.split(" ")[1] ?? 0)];
			return response.end(`${served}\n`);
		}
		const result = await answer(body);
		setTimeout(() => {
			response.setHeader("Content-Type", "application/json");
			response.end(JSON.stringify(result));
		}, delay);
	});
}

const tls = option("tls", 3);
const server = tls
	? https.createServer({ cert: fs.readFileSync(tls[0]), key: fs.readFileSync(tls[1]), ca: fs.readFileSync(tls[2]), requestCert: true, rejectUnauthorized: true }, serve)
	: http.createServer(serve);
server.listen(Number(option("port") ?? 0), "127.0.0.1", () => console.log(server.address().port));
