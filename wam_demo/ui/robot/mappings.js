// Mappings of this browser: kept for each kind of recording, so that the next one of it opens as the last one did.
const kindOf = (f) => JSON.stringify([f.format, f.robot, f.cameras.map((c) => c.name), f.signals.map((s) => [s.name, s.dim])]);
const MAPPINGS = "wam-robot-mappings", MOST_MAPPINGS = 20;
function keptMappings() { try { return JSON.parse(localStorage.getItem(MAPPINGS)) || []; } catch { return []; } }
function keepMapping(f, mapping) {
  const others = keptMappings().filter(([kind]) => kind !== kindOf(f));
  try { localStorage.setItem(MAPPINGS, JSON.stringify([[kindOf(f), mapping], ...others].slice(0, MOST_MAPPINGS))); } catch { /* private mode */ }
}
const keptMapping = (f) => keptMappings().find(([kind]) => kind === kindOf(f))?.[1];
function saveMapping(mapping) {
  saveFile("mapping.json", URL.createObjectURL(new Blob([JSON.stringify(mapping, null, 1)], { type: "application/json" })));
}
async function loadMapping(file, f) {
  let mapping;
  try { mapping = JSON.parse(await file.slice(0, 20_000).text()); } catch { throw new Error(`${file.name} is not a mapping: it is no JSON`); }
  if (!mapping || typeof mapping !== "object" || !("front" in mapping)) throw new Error(`${file.name} is not a mapping: it names no front camera`);
  const cameras = f.cameras.map((c) => c.name), unknown = [mapping.front, mapping.wrist].find((name) => name && !cameras.includes(name));
  if (unknown) throw new Error(`${file.name} is for a recording with a camera ${unknown}; this one has ${cameras.join(", ")}`);
  return mapping;
}
