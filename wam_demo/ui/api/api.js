// The part of the tab for programs, with this page's own address in the snippets.
mount(CONFIG.page.replaceAll(CONFIG.place, location.origin + location.pathname.replace(/\/$/, "")));
for (const button of $$("[data-copy]")) button.addEventListener("click", async () => {
  const code = button.closest("section").querySelector("code");
  try { await navigator.clipboard.writeText(code.textContent); setText(button, "Copied"); }
  catch { getSelection().selectAllChildren(code); setText(button, "Selected"); }
  setTimeout(() => setText(button, "Copy"), 1500);
});
