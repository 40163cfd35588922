// Parses a file with JSON.parse, line by line where it is JSON lines, three times, and prints megabytes a second of processor time.
// What it parses is thrown away: the time of reading the file and of cutting it into lines is not counted.
import fs from "node:fs";

const bytes = fs.readFileSync(process.argv[2]);
const text = bytes.toString("utf8");
const isLines = /\.(jsonl|trueline|otlp)$/.test(process.argv[2]);
const texts = isLines ? text.split("\n").filter(line => line) : [text];
for (let round = 0; round < 3; round += 1) {
  const wall = performance.now();
  const start = process.cpuUsage();
  let parsed = 0;
  for (const one of texts) parsed += typeof JSON.parse(one) === "object" ? 1 : 0;
  const used = process.cpuUsage(start);
  const speed = bytes.length / (used.user + used.system);
  console.log(`JSON.parse: ${speed.toFixed(0)} MB/s of processor time, wall ${((performance.now() - wall) / 1000).toFixed(2)} s, ${parsed} values`);
}
