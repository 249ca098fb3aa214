// Datasets and their episodes: choose, filter, select, and watch one in the player.
const page = pageName("data");
const ask = (kind, question = {}) => request(server.data, { kind, page, ...question });
const data = { sets: [], draft: null, selected: new Set(), only: "all", most: CONFIG.pictured, pictures: new Map(), one: null };
root.data = data; // tests and the curious read it here
const attempt = (work) => async (...given) => { try { return await work(...given); } catch (error) { notice(error.message, true); return null; } };

const ONLY = {
  all: () => true, odd: (e) => e.flags.length > 0, failed: (e) => e.success === false, corrected: (e) => e.interventions > 0,
};
const listed = () => (data.draft ? data.draft.episodes.filter(ONLY[data.only]) : []);
const verdict = (e) => (e.success === true ? "success" : e.success === false ? "failure" : "no verdict");
const times = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

const card = (e) => `
  <li class="card panel ${data.selected.has(e.number) ? "on" : ""}" data-number="${e.number}">
    <button type="button" class="watch" title="Watch it" aria-label="Watch episode ${e.number}"><canvas data-end="first" width="96" height="96"></canvas><canvas data-end="last" width="96" height="96"></canvas></button>
    <label class="line"><input type="checkbox" ${data.selected.has(e.number) ? "checked" : ""} aria-label="Select episode ${e.number}"><b>${e.number}</b>
      <span>${e.seconds.toFixed(1)} s</span><span class="verdict ${e.success === true ? "good" : e.success === false ? "bad" : ""}">${verdict(e)}</span></label>
    <p class="said" title="${escapeHtml(e.instruction)}">${escapeHtml(e.instruction)}</p>
    <p class="soft">${escapeHtml(e.drivers.split(",").join(", "))}${e.interventions ? ` · ${times(e.interventions, "takeover")}` : ""}</p>
    ${e.flags.length ? `<p class="flag" title="${escapeHtml(e.flags.map((f) => `${f.kind}: ${f.detail}`).join("\n"))}"><b>${escapeHtml(e.flags[0].kind.replace("_", " "))}</b>${e.flags.length > 1 ? ` +${e.flags.length - 1}` : ""} ${escapeHtml(e.flags[0].detail)}</p>` : ""}
  </li>`;

function paintList() {
  const { draft } = data, episodes = draft?.episodes || [], shown = listed();
  $(".empty").hidden = data.sets.length > 0;
  root.classList.toggle("bare", !data.sets.length);
  setHtml($(".cards"), shown.slice(0, data.most).map(card).join(""));
  $('[data-do="more"]').hidden = shown.length <= data.most;
  const total = episodes.reduce((sum, e) => sum + e.seconds, 0);
  setText($('[data-text="summary"]'), draft ? `${times(episodes.length, "episode")} · ${clock(total)} · ${episodes.filter((e) => e.success).length} succeeded` : "");
  for (const button of $$("[data-only]")) {
    button.setAttribute("aria-pressed", String(button.dataset.only === data.only));
    setText(button.querySelector("span"), draft ? String(episodes.filter(ONLY[button.dataset.only]).length) : "");
  }
  $(".unsaved").hidden = !draft?.changes;
  setText($(".unsaved b"), draft ? `${times(draft.changes, "change")} not saved` : "");
  paintChosen();
  paintPictures();
}
function paintChosen() {
  setText($('[data-text="chosen"]'), data.selected.size ? times(data.selected.size, "episode") : "none");
  for (const node of $$("[data-needs], [data-judge]")) node.disabled = !data.selected.size;
  for (const node of $$(".card")) node.classList.toggle("on", data.selected.has(Number(node.dataset.number)));
  root.classList.toggle("choosing", data.selected.size > 0);
  plugged("chosen");
}

// Small pictures are asked for as cards come into being, and stay for as long as the episode does.
async function paintPictures() {
  const drawn = listed().slice(0, data.most), lacking = drawn.filter((e) => !data.pictures.has(e.key)).slice(0, CONFIG.pictured);
  for (const e of drawn) for (const end of ["first", "last"]) {
    const kept = data.pictures.get(e.key)?.[end], canvas = $(`.card[data-number="${e.number}"] [data-end="${end}"]`);
    if (kept && canvas) canvas.getContext("2d").drawImage(kept, 0, 0);
  }
  if (!lacking.length) return;
  for (const e of lacking) data.pictures.set(e.key, {}); // asked for once
  const { image, tiles } = await ask("pictures", { episodes: lacking.map((e) => e.number) });
  const bitmap = image && (await createImageBitmap(new Blob([bytesOf(image)], { type: "image/jpeg" })));
  for (const e of lacking) for (const end of ["first", "last"]) {
    const place = tiles[`${e.number}.${end}`];
    if (!place) continue;
    const canvas = Object.assign(document.createElement("canvas"), { width: place[2], height: place[3] });
    canvas.getContext("2d").drawImage(bitmap, ...place, 0, 0, place[2], place[3]);
    data.pictures.get(e.key)[end] = canvas;
  }
  bitmap?.close();
  paintPictures();
}

function showDraft(draft) {
  const same = data.draft?.name === draft.name && data.draft.episodes.length === draft.episodes.length;
  data.draft = draft;
  if (!same) data.selected.clear();
  $('[data-field="set"]').value = draft.name;
  $('[data-field="as"]').value = draft.name;
  pagePlace.write({ dataset: draft.name });
  paintList();
}
const openSet = attempt(async (name) => {
  notice(`Reading ${name} …`);
  data.selected.clear();
  data.most = CONFIG.pictured;
  showDraft(await ask("open", { name }));
  notice("Watch an episode, or select some and change them. Nothing is written before you save.");
});
// What lies on the disk now; a dataset that grew is read anew unless something was changed here.
async function refreshSets() {
  const { sets } = await ask("sets");
  data.sets = sets;
  const kept = data.draft?.name, names = sets.map((s) => s.name);
  setHtml($('[data-field="set"]'), sets.map((s) => option(s.name, s.fault ? `${s.name} · cannot be read` : `${s.name} · ${s.episodes}`)).join(""));
  setHtml($("#data-other"), sets.filter((s) => s.name !== kept).map((s) => option(s.name)).join(""));
  if (kept && !names.includes(kept)) data.draft = null;
  const wanted = data.draft?.name || pagePlace.read().dataset, found = sets.find((s) => s.name === wanted) || sets.find((s) => s.episodes);
  if (found && found.episodes && (!data.draft || (!data.draft.changes && data.draft.stamp !== found.stamp))) await openSet(found.name);
  else { if (data.draft) $('[data-field="set"]').value = data.draft.name; paintList(); }
}

$('[data-field="set"]').addEventListener("change", async ({ target }) => {
  if (data.draft?.changes && !confirm(`${times(data.draft.changes, "change")} of ${data.draft.name} will be lost. Open ${target.value}?`)) { target.value = data.draft.name; return; }
  await openSet(target.value);
});
for (const button of $$("[data-only]")) button.addEventListener("click", () => { data.only = button.dataset.only; data.most = CONFIG.pictured; paintList(); });
$('[data-do="more"]').addEventListener("click", () => { data.most += CONFIG.pictured; paintList(); });
for (const button of $$("[data-choose]")) button.addEventListener("click", () => {
  data.selected = new Set(button.dataset.choose === "all" ? listed().map((e) => e.number) : []);
  paintList();
});
$(".cards").addEventListener("change", ({ target }) => {
  const number = Number(target.closest(".card").dataset.number);
  target.checked ? data.selected.add(number) : data.selected.delete(number);
  paintChosen();
});
$(".cards").addEventListener("click", (event) => {
  if (event.target.closest(".watch")) watchEpisode(Number(event.target.closest(".card").dataset.number));
});
