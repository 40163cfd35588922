// node check-module.mjs FILE "EXPORT EXPORT ..." BUDGET: refuses a module that imports anything, exports anything else, or is
// larger than the budget after gzip -9.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const [, , path, wanted, budget] = process.argv;
const bytes = readFileSync(path);
const module = new WebAssembly.Module(bytes);
const fail = (why) => {
  console.error(`${path}: ${why}`);
  process.exit(1);
};

const imports = WebAssembly.Module.imports(module).map((i) => `${i.module}.${i.name}`);
if (imports.length) fail(`must import nothing, but imports ${imports.join(' ')}`);

const exports = WebAssembly.Module.exports(module).map((e) => e.name).sort();
const expected = wanted.trim().split(/\s+/).sort();
if (exports.join(' ') !== expected.join(' ')) fail(`exports "${exports.join(' ')}", wanted "${expected.join(' ')}"`);

const compressed = gzipSync(bytes, { level: 9 }).length;
if (compressed > Number(budget)) fail(`${compressed} bytes after gzip, the budget is ${budget}`);
console.log(`${path}: ${bytes.length} bytes, ${compressed} after gzip, imports nothing, ${exports.length} exports`);
