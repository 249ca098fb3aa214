// The Robustness tab's elements. CONFIG (policies, tasks, axes, usual) comes from tab.py.
const chip = (group, name, label, help = "") => `
  <label class="chip" title="${escapeHtml(help)}"><input type="checkbox" name="${group}" value="${escapeHtml(name)}"><span>${escapeHtml(label)}</span></label>`;
const chips = (group, items) => `<div class="chips" role="group" aria-label="${group}">${items.map((item) => chip(group, item.name, item.label, item.help)).join("")}</div>`;
const number = (name, label, help, low, high) => `
  <label class="number" title="${help}"><span>${label}</span><input type="number" name="${name}" min="${low}" max="${high}" step="1" inputmode="numeric"></label>`;
const all = (group) => `<button type="button" class="link" data-all="${group}">all</button>`;

const MARKUP = `
<div class="wam labtab" data-state="none">
  <div class="stage">
    <aside class="side setup" aria-label="What to test"><div class="choices">
      <section><h3 class="kicker">Policies</h3>${chips("policies", CONFIG.policies)}</section>
      <section><h3 class="kicker">Tasks</h3>${chips("tasks", CONFIG.tasks)}</section>
      <section><h3 class="kicker">What disturbs ${all("axes")}</h3>${chips("axes", CONFIG.axes)}</section>
      <section><h3 class="kicker">Severities</h3>${chips("severities", [1, 2, 3, 4, 5].map((s) => ({ name: s, label: s })))}</section>
      </div>
      <section class="launch"><div class="numbers">
        ${number("episodes", "Episodes a cell", "Scenes in every cell, the same ones for every policy", 1, CONFIG.most_episodes)}
        ${number("seed", "Seed", `Selects the set of scenes, 0 to ${CONFIG.sets - 1}`, 0, CONFIG.sets - 1)}</div>
        <p class="estimate" role="status" aria-live="polite"></p>
        <button type="button" class="pad primary" data-do="start">Start</button></section>
    </aside>
    <div class="work">
      <section class="panel runbar" aria-label="Run">
        <div class="meter"><i></i></div>
        <p class="where"><b data-text="where">Nothing has run yet</b><span data-text="when">choose what disturbs, press Start, and watch the cells fill</span></p>
        <div class="actions">
          <button type="button" class="tool" data-do="cancel">Cancel</button>
          <button type="button" class="tool" data-do="resume">Resume</button>
          <span class="downloads">Download
            <button type="button" class="tool" data-download="html" title="One file with pictures, videos and the command that repeats it">Report</button>
            <button type="button" class="tool" data-download="csv" title="One line per episode">CSV</button>
            <button type="button" class="tool" data-download="json" title="Cells, pairs and episodes">JSON</button></span>
        </div>
      </section>
      <details class="origin" hidden><summary>How these numbers were made</summary>
        <p class="soft">An episode is a success if its goal held for 0.5 s before its time was over. The same scenes were played by every policy.
          This command plays them again; the journal keeps every action, so each video is the episode itself.</p>
        <pre></pre><button type="button" class="tool" data-copy-command>Copy</button></details>
      <p class="views"><label class="taskpick" hidden>Task <select></select></label></p>
      <div class="grids"></div>
      <div class="charts2">
        <section class="panel"><header><h3>By severity</h3><ul class="legend keys"></ul></header><div class="curves"></div></section>
        <section class="panel"><header><h3>By disturbance</h3><span class="note">all severities together</span></header><div class="radar"></div></section>
      </div>
      <details class="panel looks"><summary>What the severities look like</summary><div class="scroll"><table></table></div></details>
    </div>
  </div>
  <p class="status" role="status" aria-live="polite"></p>
  <dialog class="cellbox" aria-label="Episodes of a cell"><header><h2></h2><form method="dialog"><button class="tool" aria-label="Close" title="Close (Esc)">${icon(ICONS.cross)}</button></form></header>
    <div class="sides" role="group" aria-label="Policy"></div><p class="soft"></p><ol class="episodes"></ol></dialog>
</div>`;
