// The part of the tab for programs: snippets with this page's own address in them, and the endpoints.
const escapeHtml = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const here = location.origin + location.pathname.replace(/\/$/, "");
const words = (text) => escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");
const placed = (text) => text.replaceAll(CONFIG.place, here);
const snippet = (s, index) => `
  <section class="panel" aria-label="${escapeHtml(s.title)}">
    <header><h3>${escapeHtml(s.title)}</h3><span class="note">${escapeHtml(s.needs)}</span>
      <button type="button" class="tool" data-copy="${index}">Copy</button></header>
    <pre tabindex="0"><code>${escapeHtml(placed(s.text))}</code></pre>
  </section>`;
const argument = (a) => `
  <tr><td><code>${escapeHtml(a.name)}</code></td><td>${escapeHtml(a.type)}</td>
    <td>${a.default === null ? "required" : `<code>${escapeHtml(a.default)}</code>`}</td><td>${words(a.words)}</td></tr>`;
const endpoint = (e) => `
  <section class="panel" aria-label="${escapeHtml(e.name)}">
    <header><h3><code>${escapeHtml(e.name)}</code></h3></header>
    <div class="about"><p>${words(e.summary)}</p>
      ${e.arguments.length ? `<div class="scroll" tabindex="0"><table><tr><th>argument</th><th>type</th><th>default</th><th></th></tr>${e.arguments.map(argument).join("")}</table></div>` : ""}
      <p>Returns: ${words(e.returns)}</p></div>
  </section>`;
element.innerHTML = `<style>${CONFIG.style}</style>
<div class="wam" id="programs">
  <p class="lead">Everything on this page can be asked for by a program. Calls that simulate run one at a time and wait their turn in the queue.</p>
  <div class="snippets">${CONFIG.snippets.map(snippet).join("")}</div>
  <h2>Endpoints</h2>
  <div class="endpoints">${CONFIG.endpoints.map(endpoint).join("")}</div>
</div>`;
for (const button of element.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = placed(CONFIG.snippets[button.dataset.copy].text);
    try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(button.closest("section").querySelector("code")); button.textContent = "Selected"; }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}
