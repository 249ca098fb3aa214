// Small pieces that the Robustness and Blind A/B tabs share. `server` and `element` come from Gradio.
const escapeHtml = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const icon = (path) => `<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
const percent = (share) => `${Math.round(100 * share)} %`;
const signed = (value) => (value > 0 ? `+${value}` : value < 0 ? `−${-value}` : "0");
const clock = (seconds) =>
  seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;

// Text and markup are written only when they differ, so that focus and selection stay.
const written = new WeakMap();
function setHtml(node, html) { if (node && written.get(node) !== html) { written.set(node, html); node.innerHTML = html; } }
function setText(node, text) { if (node && node.textContent !== text) node.textContent = text; }

// One page asks under one name, so that a reload finds its place again.
function pageName(tab) {
  const name = `wam-${tab}-page`;
  let key = null;
  try { key = sessionStorage.getItem(name); } catch { /* private mode */ }
  // getRandomValues, unlike randomUUID, is also there on a plain http address of the local network.
  key ||= [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  try { sessionStorage.setItem(name, key); } catch { /* private mode */ }
  return key;
}

// Asks the server; what is wrong comes back as an Error whose text is meant for a person.
async function request(call, question) {
  let answer;
  try { answer = await call(question); } catch { throw new Error("the server does not answer; trying again"); }
  if (answer?.error) throw new Error(answer.error);
  return answer;
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const urlOf = (base64, type) => URL.createObjectURL(new Blob([bytesOf(base64)], { type }));
function saveFile(name, url) {
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
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
