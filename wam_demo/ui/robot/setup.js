// Brings a recording: upload, example or Hub; shows what was found; reads the mapping.
mount(MARKUP);
const page = pageName("robot");
const ask = (kind, question = {}) => request(server.robot, { kind, page, ...question });

// One thing at a time: while something is brought, nothing else can be.
let bringing = false;
async function bring(what, work, source) {
  if (bringing) return;
  bringing = true;
  root.classList.add("busy");
  notice(`${what} …`);
  const waiting = setInterval(async () => {
    const { place } = await ask("state").catch(() => ({ place: 0 }));
    if (bringing && place) notice(`${what}: place ${place} in the queue …`);
  }, 2000);
  try {
    found(await work(), source);
    if (isPlain()) await openEpisode();
  } catch (error) { notice(error.message, true); }
  clearInterval(waiting);
  root.classList.remove("busy");
  bringing = false;
}

function send(file) {
  if (!file) return;
  if (file.size > CONFIG.megabytes * 2 ** 20) return notice(`${file.name} has ${(file.size / 2 ** 20).toFixed(0)} MB, more than ${CONFIG.megabytes} MB`, true);
  if (!file.size) return notice(`${file.name} is empty`, true);
  bring(`Reading ${file.name}`, async () => {
    let stored;
    try { stored = await upload(file); } catch { throw new Error("the upload did not arrive; try again"); }
    return ask("inspect", { path: stored.path, name: file.name });
  }, "upload");
}

const drop = $(".drop"), chooser = $(".drop input");
chooser.addEventListener("change", () => { send(chooser.files[0]); chooser.value = ""; });
drop.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); chooser.click(); } });
for (const kind of ["dragover", "dragleave", "drop"]) drop.addEventListener(kind, (event) => {
  event.preventDefault();
  drop.classList.toggle("over", kind === "dragover");
  if (kind === "drop") send(event.dataTransfer.files[0]);
});
$('[data-do="example"]')?.addEventListener("click", () => bring("Opening the example", () => ask("example"), "example"));
$('[data-form="hub"]').addEventListener("submit", (event) => {
  event.preventDefault();
  const repository = $("#robot-hub").value.trim();
  if (repository) bring(`Fetching ${repository}`, () => ask("hub", { repository }), repository);
});

const factWords = (f, episodes) => [
  ["format", f.robot ? `${f.format} · ${f.robot}` : f.format], ["cameras", f.cameras.map((c) => `${c.name} (${c.size})`).join(", ")],
  ["frames", `${f.frames} at ${Number(f.fps.toFixed(2))} a second`], ["episodes", episodes],
  ["numbers", f.signals.map((s) => `${s.name} (${s.dim})`).join(", ") || "none"],
  ...f.notes.map((note) => ["note", note]),
];

let present = null; // what lies on the server: {title, f}
function found({ title, found: f, mapping }, source = null) {
  present = { title, f };
  if (source) pagePlace.write({ recording: source, episode: null }, true);
  $(".found").hidden = false;
  root.classList.add("brought");
  $(".steps").hidden = true;
  setText($('[data-text="title"]'), title);
  setText($('[data-text="name"]'), title);
  setText($('[data-text="label"]'), f.own ? "Open loop · our own arm, an episode that was not trained on" : "Open loop · these weights have not seen this robot");
  $(".facts-list").innerHTML = factWords(f, String(f.total)).map(([name, text]) => `<li><span>${name}</span><b title="${escapeHtml(text)}">${escapeHtml(text)}</b></li>`).join("");
  const cameras = f.cameras.map((c) => c.name);
  field("front").innerHTML = options(cameras);
  field("wrist").innerHTML = option("", "not recorded") + options(cameras);
  $("#robot-numbers").innerHTML = f.signals.map((s) => option(`${s.name}[0:${s.dim}]`)).join("");
  $('[data-field="start"]').value = $('[data-field="stop"]').value = "";
  const recalled = keptMapping(f);
  // What the file says was asked for goes before what was asked for the last time.
  writeMapping(recalled && f.episodes[0].instruction ? { ...recalled, instruction: mapping.instruction } : recalled || mapping);
  listEpisodes(f.episodes, f.total);
  $(".what").open = f.signals.length > 0 && !mapping.position && mapping.kinematics === "none";
  showMode("setup");
  if (!isPlain()) askPreview();
  askThumbs();
  notice(recalled ? "The mapping of the last recording like this one is filled in." : "Check what stands for what, then open an episode.");
}
// A plain video has nothing to be mapped: it opens at once.
const isPlain = () => !present.f.signals.length;
function writeMapping(mapping) {
  for (const input of $$("[data-map]")) {
    const value = mapping[input.dataset.map];
    if (input.type === "checkbox") input.checked = Boolean(value);
    else input.value = value === null || value === undefined ? "" : typeof value === "number" ? String(Number(value.toFixed(5))) : value;
  }
  sayMapping();
}
function sayMapping() {
  const { front, wrist, position } = readMapping();
  setText($('[data-text="mapping"]'), `front: ${front}${wrist ? `, wrist: ${wrist}` : ", no wrist camera"}${position ? `, tool: ${position}` : ", no tool position"}`);
}
const field = (name) => $(`[data-map="${name}"]`);

const readMapping = () => Object.fromEntries($$("[data-map]").map((input) => [input.dataset.map, input.type === "checkbox" ? input.checked : input.value.trim()]));
const readField = (name) => $(`[data-field="${name}"]`).value.trim();
async function openEpisode() {
  const question = { mapping: readMapping(), episode: Number(readField("episode")), start: readField("start"), stop: readField("stop"), policy: readField("policy") };
  started(await ask("open", question));
  keepMapping(present.f, question.mapping);
  pagePlace.write({ episode: question.episode });
}
$('[data-form="open"]').addEventListener("submit", async (event) => {
  event.preventDefault();
  try { await openEpisode(); } catch (error) { notice(error.message, true); }
});
let lookBefore = "";
$(".what").addEventListener("input", () => {
  sayMapping();
  previewSoon();
  const { front, front_turn, fit } = readMapping(), look = JSON.stringify([front, front_turn, fit]);
  if (look !== lookBefore) { forgetThumbs(); askThumbs(); }
  lookBefore = look;
});
$('[data-field="start"]').addEventListener("input", previewSoon);
const mappingFile = $(".keep input");
$('[data-mapping="save"]').addEventListener("click", () => saveMapping(readMapping()));
$('[data-mapping="load"]').addEventListener("click", () => mappingFile.click());
mappingFile.addEventListener("change", async () => {
  try { writeMapping(await loadMapping(mappingFile.files[0], present.f)); askPreview(); notice("The mapping is filled in."); } catch (error) { notice(error.message, true); }
  mappingFile.value = "";
});
// After a reload: what the server still keeps for this page, else what the address names.
async function again() {
  const { recording, episode } = pagePlace.read();
  let kept = { title: null };
  try { kept = await ask("again"); } catch { return; } // all places are taken: it is said when somebody brings something
  if (kept.title !== null) {
    found(kept);
    if (!kept.opened) return;
    chooseEpisode(kept.opened.episode);
    $('[data-field="policy"]').value = kept.opened.policy;
    return started(kept);
  }
  if (!recording || recording === "upload") return;
  const work = recording === "example" ? () => ask("example") : () => ask("hub", { repository: recording });
  await bring(`Opening ${recording}`, work);
  if (present && episode && !isPlain()) { chooseEpisode(episode); try { await openEpisode(); } catch (error) { notice(error.message, true); } }
}
