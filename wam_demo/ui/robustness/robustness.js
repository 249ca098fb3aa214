// Watches a run: where it stands, the grid as it fills, cancel and resume, downloads.
const KEPT = "wam-robustness-run";

function show(name, push = false) {
  Object.assign(lab, { name, run: null, against: null });
  if (push || pagePlace.read().run) pagePlace.write({ run: name }, push);
  try { name ? sessionStorage.setItem(KEPT, name) : sessionStorage.removeItem(KEPT); } catch { /* private mode */ }
  if (!name) { root.dataset.state = "none"; tell("where", "Nothing has run yet"); tell("when", "choose what disturbs, press Start, and watch the cells fill"); $(".origin").hidden = true; preview(); }
}

const WHERE = {
  queued: (run) => [`Waits: number ${run.position} in the queue`, `starts by itself in about ${clock(run.wait_s)}`],
  running: (run) => [run.stopping ? "Stopping" : `${run.done} of ${run.total} episodes`, `about ${clock(run.left_s)} left`],
  cancelled: (run) => [`Stopped at ${run.done} of ${run.total} episodes`, "nothing is lost; resume goes on here"],
  done: (run) => run.reference ? [`Reference: ${run.total} episodes`, "came with these weights; choose what disturbs and press Start for a run of your own"] : [`${run.total} episodes`, run.elapsed_s ? `in ${clock(run.elapsed_s)}` : "complete"],
  failed: (run) => [`Failed at ${run.done} of ${run.total} episodes`, run.why],
};

function paintRun() {
  const run = lab.run;
  root.dataset.state = run.state;
  const [where, when] = WHERE[run.state](run);
  tell("where", where);
  tell("when", when);
  $(".meter i").style.width = `${(100 * run.done) / run.total}%`;
  $(".origin").hidden = false;
  setText($(".origin pre"), run.command);
  $(".meter").title = `${run.done} of ${run.total}`;
}

async function look(kind = "look") {
  if (!lab.name) return;
  const name = lab.name;
  try {
    const run = await ask(kind, { name, have: lab.run?.grid ? lab.run.done : null });
    if (name !== lab.name) return;
    const fresh = Boolean(run.grid);
    if (lab.run && lab.run.state !== run.state) estimate(); // the queue is another now
    lab.run = fresh ? indexed(run) : { ...lab.run, ...run };
    paintRun();
    if (fresh) { paintGrids(lab.run); paintCharts(lab.run); }
    if (looks.open && fresh) paintLooks();
    if (run.state === "running" || run.reference) notice("Click a cell to see its episodes, failures first, the worst of them at the top.");
    if (run.state === "failed") notice(run.why, true);
  } catch (error) {
    notice(error.message, true);
    if (/not kept|not known/.test(error.message)) { show(CONFIG.reference === name ? null : CONFIG.reference); estimate(); }
  }
}

const act = {
  start: async () => {
    ready(false);
    try {
      const { name } = await ask("start", { grid: setup() });
      show(name, true);
      lab.task = ALL;
      if (innerWidth <= 1000) $(".runbar").scrollIntoView({ behavior: "smooth" }); // on a phone the run lies below
      await look();
    } catch (error) { notice(error.message, true); }
    estimate();
  },
  cancel: () => look("cancel"),
  resume: () => look("resume"),
};
for (const button of $$("[data-do]")) button.addEventListener("click", () => act[button.dataset.do]());
for (const button of $$("[data-download]")) button.addEventListener("click", async () => {
  button.disabled = true;
  notice(button.dataset.download === "html" ? "The report is being made; it renders the worst episodes." : "One moment.");
  try {
    const file = await ask("download", { name: lab.name, format: button.dataset.download });
    saveFile(file.file, urlOf(file.content, file.type));
    notice(`${file.file} is saved.`);
  } catch (error) { notice(error.message, true); }
  button.disabled = false;
});
root.addEventListener("change", (event) => {
  if (event.target.matches('[data-pick="pair"]')) lab.against = event.target.value;
  else if (event.target.matches(".taskpick select")) lab.task = event.target.value;
  else return;
  if (lab.run?.grid) { paintGrids(lab.run); paintCharts(lab.run); }
});

choose(choicesMade());
let kept = null;
try { kept = sessionStorage.getItem(KEPT); } catch { /* private mode */ }
const first = pagePlace.read().run || kept || CONFIG.reference;
if (first && !window.wamPrefill) show(first);
pagePlace.listen(({ tab, run }) => { if (tab === "robustness" && (run || CONFIG.reference) !== lab.name) { show(run || CONFIG.reference); look(); } });
$("[data-copy-command]").addEventListener("click", () => navigator.clipboard?.writeText($(".origin pre").textContent).then(() => notice("The command is copied."), () => {}));
prefill();
whileVisible(root, 1000, () => look());
