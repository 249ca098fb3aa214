// Small pieces of markup that several files use. CONFIG (tasks, policies, axes, horizons) comes from live.py.
const icon = (path) => `<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
const escapeHtml = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const options = (items) =>
  items.map((item) => `<option value="${escapeHtml(item.name)}">${escapeHtml(item.label)}</option>`).join("");
const tool = (command, label, key, path, extra = "") =>
  `<button type="button" class="tool" data-do="${command}" title="${label} (${key})" ${extra}>${icon(path)}<span>${label}</span></button>`;
