#!/usr/bin/env node
// The Solidity compiler's command line, as far as forge uses it, over the pinned solc-js: --version and
// --standard-json (input on stdin, output on stdout). Nothing is downloaded.
'use strict';
const fs = require('fs');
const path = require('path');

const here = path.dirname(fs.realpathSync(__filename));
const solc = require(path.join(here, '../../chain/contracts/node_modules/solc'));

const args = process.argv.slice(2);
if (args.includes('--version')) {
	process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (args.includes('--standard-json')) {
	// forge sends every source in the input; a file that it did not send does not exist.
	const missing = (name) => ({ error: `not in the input: ${name}` });
	process.stdout.write(solc.compile(fs.readFileSync(0, 'utf8'), { import: missing }) + '\n');
} else {
	process.stderr.write('solc: only --version and --standard-json are supported here\n');
	process.exitCode = 1;
}
