// What a straightforward script does about the same logs: ask for ranges of blocks and decode every event. Prints claims and seconds as JSON.
//   chain_viem.mjs URL CLAIMS_ADDRESS MODELS_ADDRESS FIRST LAST STEP
import { createPublicClient, http, parseAbiItem } from "viem";

const [url, claims, models, first, last, step] = process.argv.slice(2);
const client = createPublicClient({ transport: http(url, { timeout: 60_000, retryCount: 0 }) });
const posted = parseAbiItem(
  "event Posted(bytes32 indexed claimId, address indexed claimant, bytes32 indexed modelId, bytes32 inputRoot, bytes32 outputRoot, uint256 lot, bytes32 batch, uint256 terms, uint64 windowEnd, bytes input, bytes output)",
);
let count = 0;
let bytes = 0;
const begun = process.hrtime.bigint();
for (let from = BigInt(first); from <= BigInt(last); from += BigInt(step)) {
  const end = from + BigInt(step) - 1n;
  const logs = await client.getLogs({
    address: [claims, models],
    event: posted,
    strict: true,
    fromBlock: from,
    toBlock: end < BigInt(last) ? end : BigInt(last),
  });
  for (const log of logs) {
    count++;
    bytes += (log.args.input.length + log.args.output.length) / 2 - 2;
  }
}
console.log(JSON.stringify({ claims: count, bytes, seconds: Number(process.hrtime.bigint() - begun) / 1e9 }));
