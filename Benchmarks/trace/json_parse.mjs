// Parses a file with JSON.parse, line by line where it is JSON lines, and prints megabytes a second: of the parsing alone, and with
// reading the file and cutting it into lines, as a program that wants the values has to. What it parses is thrown away.
//
//     node json_parse.mjs FILE [ROUNDS]
import fs from "node:fs";

const [path, rounds] = [process.argv[2], Number(process.argv[3] ?? 3)];
const isLines = /\.(jsonl|trueline|otlp)$/.test(path);

function since(wall, processor, bytes) {
  const used = process.cpuUsage(processor);
  const speeds = [bytes / (used.user + used.system), bytes / 1e3 / (performance.now() - wall)];
  return speeds.map(speed => speed.toFixed(0));
}

for (let round = 0; round < rounds; round += 1) {
  const [wall, processor] = [performance.now(), process.cpuUsage()];
  const bytes = fs.readFileSync(path);
  const text = bytes.toString("utf8");
  const texts = isLines ? text.split("\n").filter(line => line) : [text];
  const [parseWall, parseProcessor] = [performance.now(), process.cpuUsage()];
  let parsed = 0;
  for (const one of texts) parsed += typeof JSON.parse(one) === "object" ? 1 : 0;
  const alone = since(parseWall, parseProcessor, bytes.length);
  const whole = since(wall, processor, bytes.length);
  console.log(`JSON.parse alone: ${alone[0]} MB/s of processor time, ${alone[1]} MB/s of wall time, ${parsed} values`);
  console.log(`JSON.parse with reading: ${whole[0]} MB/s of processor time, ${whole[1]} MB/s of wall time`);
}
