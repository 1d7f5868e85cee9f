// ONNX Runtime's side of bench_models: one process a model. Takes one JSON object a line on standard input and answers each
// with one line on standard output; an "error" key says what went wrong. Calls go to the binding itself, without the promise
// that the package's own interface puts around each, and are timed here: processor time of the whole process, and the clock.
import { readdirSync, readFileSync, readSync, unlinkSync, writeFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const { Tensor } = require("onnxruntime-common");
const { binding, initOrt } = require(join(dirname(require.resolve("onnxruntime-node")), "binding.js"));

const arrays = {
	float32: Float32Array, float16: Uint16Array, uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array,
	int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array, bool: Uint8Array,
};

function timed(work) {
	const cpu = process.cpuUsage(), wall = process.hrtime.bigint();
	work();
	const took = process.hrtime.bigint() - wall, used = process.cpuUsage(cpu);
	return { cpu_us: used.user + used.system, wall_us: Number(took) / 1e3 };
}

function options(threads, more = {}) {
	return {
		graphOptimizationLevel: "all", intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: "sequential",
		// Its threads would otherwise go on spinning while the other side is timed.
		extra: { session: { force_spinning_stop: "1" } }, logSeverityLevel: 4, ...more,
	};
}

function open(model, how) {
	const session = new binding.InferenceSession();
	session.loadModel(model, how);
	return session;
}

function feedsOf(inputs) {
	const feeds = {};
	for (const { name, type, dims, file } of inputs) {
		const bytes = readFileSync(file);
		const own = new Uint8Array(bytes.length); // aligned for any element
		own.set(bytes);
		feeds[name] = new Tensor(type, new arrays[type](own.buffer), dims);
	}
	return feeds;
}

const state = {};
const run = () => state.session.run(state.feeds, state.fetches, {});

const commands = {
	// The model, its inputs and the outputs wanted; creates a session, then runs it once.
	load({ model, threads, inputs }) {
		Object.assign(state, { model, feeds: feedsOf(inputs) });
		const load = timed(() => {
			state.session = open(model, options(threads));
			state.fetches = Object.fromEntries(state.session.outputMetadata.map(({ name }) => [name, null]));
		});
		return { load, first: timed(run), peak_kib: process.resourceUsage().maxRSS };
	},
	run: ({ count }) => timed(() => {
		for (let i = 0; i < count; i++)
			run();
	}),
	// What its own profile says about a run, without anything that JavaScript adds: µs.
	profile({ threads, count, prefix }) {
		const session = open(state.model, options(threads, { enableProfiling: true, profileFilePrefix: prefix }));
		for (let i = 0; i < count; i++)
			session.run(state.feeds, state.fetches, {});
		session.endProfiling();
		session.dispose();
		const folder = dirname(prefix), file = readdirSync(folder).map((name) => join(folder, name)).find((path) => path.startsWith(prefix));
		const runs = JSON.parse(readFileSync(file, "utf8")).filter((event) => event.name === "model_run");
		unlinkSync(file);
		return { runs: runs.map(({ dur }) => dur) };
	},
	outputs({ folder }) {
		const results = run();
		return {
			outputs: Object.entries(results).map(([name, { type, dims, data }], i) => {
				const file = join(folder, `output_${i}.bin`);
				writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
				return { name, type, dims: [...dims], file };
			}),
		};
	},
};

// One line at a time, without an event loop in between.
let pending = "";
function nextLine() {
	const block = Buffer.alloc(1 << 16);
	for (let end; (end = pending.indexOf("\n")) < 0;) {
		const n = readSync(0, block, 0, block.length, null);
		if (n === 0)
			return null;
		pending += block.toString("utf8", 0, n);
	}
	const line = pending.slice(0, pending.indexOf("\n"));
	pending = pending.slice(line.length + 1);
	return line;
}

initOrt();
for (let line; (line = nextLine()) !== null;) {
	let answer;
	try {
		const { command, ...rest } = JSON.parse(line);
		answer = commands[command](rest);
	} catch (error) {
		answer = { error: String(error.message ?? error).split("\n")[0] };
	}
	writeSync(1, JSON.stringify(answer) + "\n");
}
