// Changes of a dataset: each is a question to the server, which answers with what is left; nothing is written before Save.
const changed = attempt(async (kind, question = {}) => {
  const draft = await ask(kind, question);
  showDraft(draft);
  return draft;
});
const chosen = () => [...data.selected].sort((a, b) => a - b);
const edit = (name, episodes, question = {}) => changed("edit", { edit: name, episodes, ...question });

$('[data-do="delete"]').addEventListener("click", async () => { if (await edit("delete", chosen())) { data.selected.clear(); paintList(); } });
for (const button of $$("[data-judge]")) button.addEventListener("click", () => edit("label", chosen(), { success: button.dataset.judge === "yes" }));
$('[data-form="say"]').addEventListener("submit", (event) => {
  event.preventDefault();
  const said = $("#data-said").value.trim();
  if (said) edit("label", chosen(), { instruction: said });
});
$('[data-do="undo"]').addEventListener("click", async () => { data.selected.clear(); if (await changed("undo")) notice("Taken back."); });
$('[data-form="merge"]').addEventListener("submit", (event) => { event.preventDefault(); if ($("#data-other").value) changed("merge", { other: $("#data-other").value }); });
$('[data-form="save"]').addEventListener("submit", attempt(async (event) => {
  event.preventDefault();
  notice("Saving …");
  const name = $('[data-field="as"]').value.trim();
  data.selected.clear();
  showDraft(await ask("save", { as: name }));
  await refreshSets();
  notice(`${name} is saved.`);
}));
$('[data-do="pack"]').addEventListener("click", attempt(async () => {
  if (data.draft.changes) throw new Error("save first: the zip holds what is on the disk");
  notice("Packing …");
  const made = await ask("pack", { name: data.draft.name });
  saveFile(made.file, `${window.gradio_config?.root || ""}/gradio_api/file=${made.path.split("/").map(encodeURIComponent).join("/")}`);
  notice(`${made.file} is on its way.`);
}));
$('[data-form="publish"]')?.addEventListener("submit", attempt(async (event) => {
  event.preventDefault();
  if (data.draft.changes) throw new Error("save first: what is on the disk is published");
  notice("Publishing …");
  const { address } = await ask("publish", { name: data.draft.name, repository: $("#data-repository").value });
  notice(`It lies at ${address}.`);
}));
$('[data-do="remove"]').addEventListener("click", attempt(async () => {
  if (!confirm(`Delete ${data.draft.name} with all its episodes? This cannot be taken back.`)) return;
  await ask("remove", { name: data.draft.name });
  data.draft = null;
  pagePlace.write({ dataset: null });
  await refreshSets();
}));

// One episode in the player: where it is cut, and what is odd about it.
const watchEpisode = attempt(async (number) => {
  const episode = data.draft.episodes[number];
  data.one = { number, start: 0, stop: episode.frames };
  setText($('.player [data-text="name"]'), `${data.draft.name} · episode ${number}`);
  setText($('.player [data-text="label"]'), episode.instruction);
  setHtml($(".reasons"), episode.flags.map((f) => `<li><b>${escapeHtml(f.kind.replace("_", " "))}</b> ${escapeHtml(f.detail)}</li>`).join(""));
  started(await ask("play", { number, policy: $('.player [data-field="policy"]').value }));
  showMarks();
});
const frameOf = (step) => Math.round((step * data.draft.episodes[data.one.number].frames) / Math.max(1, player.total || player.steps));
function showMarks() {
  if (!data.one) return;
  const { start, stop, number } = data.one, { frames, seconds: lasts } = data.draft.episodes[number], at = (frame) => ((frame * lasts) / frames).toFixed(1);
  const whole = start === 0 && stop === frames;
  setText($('[data-text="kept"]'), whole ? `${lasts.toFixed(1)} s` : `keeps ${at(start)} – ${at(stop)} s`);
  $('[data-do="trim"]').disabled = whole;
  scrub.style.setProperty("--from", `${(100 * start) / frames}%`);
  scrub.style.setProperty("--to", `${(100 * stop) / frames}%`);
  $(".scrub").classList.toggle("marked", !whole);
}
for (const button of $$("[data-mark]")) button.addEventListener("click", () => {
  const frame = frameOf(player.step), { one } = data, { frames } = data.draft.episodes[one.number];
  if (button.dataset.mark === "start") Object.assign(one, { start: frame, stop: one.stop > frame ? one.stop : frames });
  else Object.assign(one, { stop: Math.min(frames, frame + 1), start: one.start <= frame ? one.start : 0 });
  showMarks();
});
async function afterOne(work, said) {
  if (!(await work)) return;
  showMode("setup");
  notice(said);
}
$('[data-do="trim"]').addEventListener("click", () => afterOne(edit("trim", [data.one.number], { start: data.one.start, stop: data.one.stop }), "Trimmed. Nothing is written before you save."));
$('[data-do="delete-one"]').addEventListener("click", () => afterOne(edit("delete", [data.one.number]), "Deleted. Undo brings it back until you save."));
for (const button of $$("[data-one]")) button.addEventListener("click", async () => {
  if (await edit("label", [data.one.number], { success: button.dataset.one === "yes" })) notice(`Marked as a ${button.dataset.one === "yes" ? "success" : "failure"}.`);
});
