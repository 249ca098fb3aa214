// Small pieces that every tab uses. `element`, `server`, `trigger` and `watch` come from Gradio, CONFIG from the tab's Python.
let root = null;
const $ = (selector) => root.querySelector(selector);
const $$ = (selector) => [...root.querySelectorAll(selector)];
// Gradio may run a component's script again: what is there stays.
function mount(markup) {
  if (!element.firstElementChild?.matches(".wam")) element.innerHTML = markup;
  root = element.firstElementChild;
}

const escapeHtml = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const icon = (path) => `<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
const ICONS = {
  play: "M4 2.5l9 5.5-9 5.5z", pause: "M4 3h3v10H4zM9 3h3v10H9z",
  cross: "M4.5 3L8 6.5 11.5 3 13 4.5 9.5 8l3.5 3.5-1.5 1.5L8 9.5 4.5 13 3 11.5 6.5 8 3 4.5z",
};
const option = (value, label = value) => `<option value="${escapeHtml(value)}">${escapeHtml(label)}</option>`;
const options = (items) => items.map((item) => (typeof item === "string" ? option(item) : option(item.name, item.label))).join("");
const labelIn = (items, name) => items.find((item) => item.name === name)?.label || name;
const badge = (name, label, unit, help = "") =>
  `<li class="badge" data-badge="${name}" title="${help}"><span>${label}</span> <b>–</b>${unit ? ` <span>${unit}</span>` : ""}</li>`;
const tool = (name, label, key, path, extra = "") =>
  `<button type="button" class="tool" data-do="${name}" title="${label} (${key})" ${extra}>${icon(path)}<span>${label}</span></button>`;
const chartPanel = (id, title, note = "", legend = "", kind = "") => `
  <section class="panel chart ${kind}" aria-label="${title}"><header><h3>${title}</h3>${legend}<span class="note">${note}</span></header>
    <div class="plot" data-plot="${id}" role="img" aria-label="${title}"></div></section>`;
const severitySlider = (data, name, label, help) => `
  <label class="slider" title="${escapeHtml(help)}"><span>${escapeHtml(label)}</span>
    <input type="range" min="0" max="5" step="1" value="0" data-${data}="${name}" aria-label="${escapeHtml(label)}"><output>0</output></label>`;

// Numbers in words.
const percent = (share) => `${Math.round(100 * share)} %`;
const signed = (value) => (value > 0 ? `+${value}` : value < 0 ? `−${-value}` : "0");
const clock = (seconds) =>
  seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
const seconds = (steps) => (steps / CONFIG.control_hz).toFixed(1);
const decimal = (value, digits = 0) => (value === null || value === undefined ? "–" : value.toFixed(digits));

// Text and markup are written only when they differ, so that focus and selection stay.
const written = new WeakMap();
function setHtml(node, html) { if (node && written.get(node) !== html) { written.set(node, html); node.innerHTML = html; } }
function setText(node, text) { if (node && node.textContent !== text) node.textContent = text; }
const fill = (input) => input.style.setProperty("--at", `${(100 * (input.value - input.min)) / Math.max(1e-9, input.max - input.min)}%`);
function showBadge(name, text, warn = false) {
  const item = $(`[data-badge="${name}"]`);
  setText(item.querySelector("b"), text);
  item.classList.toggle("warn", warn);
}
// The one line that says what is going on.
function notice(text, warn = false, line = $(".status")) { setText(line, text); line.classList.toggle("warn", warn); }

// A key of the page: not while something is typed, and not the focused button's own one.
function onKeys(keys, mayAct = () => true) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !root.offsetParent) return;
    if (event.target.closest("input:not([type=range]):not([type=checkbox]), select, textarea, [contenteditable]")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === " " && event.target.closest("button, summary, video, [role=tab]")) return;
    const work = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!work || !mayAct(work, event)) return;
    event.preventDefault();
    work();
  });
}

// A number that a page draws once: with sessionStorage a reload finds its place again, with localStorage a browser is known.
function drawnName(name, storage) {
  let key = null;
  try { key = window[storage].getItem(name); } catch { /* private mode */ }
  // getRandomValues, unlike randomUUID, is also there on a plain http address of the local network.
  key ||= [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  try { window[storage].setItem(name, key); } catch { /* private mode */ }
  return key;
}
const pageName = (tab) => drawnName(`wam-${tab}-page`, "sessionStorage");

// Asks the server; what is wrong comes back as an Error whose text is meant for a person.
async function request(call, question) {
  let answer;
  try { answer = await call(question); } catch { throw new Error("the server does not answer; try again"); }
  if (answer?.error) throw new Error(answer.error);
  return answer;
}

function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}
const urlOf = (base64, type) => URL.createObjectURL(new Blob([bytesOf(base64)], { type }));
function saveFile(name, url) {
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  if (url.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// Packets of a stream are drawn one after the other.
function onPacket(draw, arrived = () => {}) {
  let drawing = Promise.resolve();
  watch("value", () => {
    if (!props.value) return;
    const packet = JSON.parse(props.value);
    arrived(packet);
    drawing = drawing.then(() => draw(packet)).catch((error) => console.error("packet", error));
  });
}

// Calls `work` every `every` ms while the tab is in sight, one call at a time.
function whileVisible(node, every, work) {
  let busy = false;
  const tick = async () => {
    if (busy || document.hidden || !node.offsetParent) return;
    busy = true;
    try { await work(); } finally { busy = false; }
  };
  setInterval(tick, every);
  document.addEventListener("visibilitychange", tick);
  tick();
  return tick;
}
