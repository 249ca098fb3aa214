// The address of the page: which tab is in front, and the task, policy and seed of the Live tab.
const tabButtons = () => [...document.querySelectorAll('#tabs > .tab-wrapper button[role="tab"]')];
const tabName = (button) => button.textContent.trim().toLowerCase().replace(/[^a-z]+/g, "-");
function showTab(name = "live") {
  const buttons = tabButtons().filter((button) => tabName(button) === name);
  if (buttons.length && !buttons.some((button) => button.getAttribute("aria-selected") === "true")) buttons[0].click();
}
if (!document.querySelector("#tabs")?.dataset.placed) {
  const tabs = document.querySelector("#tabs");
  if (tabs) tabs.dataset.placed = "yes";
  tabs?.addEventListener("click", (event) => {
    const button = event.isTrusted && event.target.closest('.tab-wrapper button, .overflow-dropdown button');
    if (button && !button.closest(".overflow-menu > button")) setTimeout(() => {
      const selected = tabButtons().find((tab) => tab.getAttribute("aria-selected") === "true") || button;
      pagePlace.write({ tab: tabName(selected) }, true);
    });
  });
  pagePlace.listen(({ tab }) => showTab(tab));
  showTab(pagePlace.read().tab);
}

const SETTINGS = {
  task: { valid: (text) => CONFIG.tasks.some(({ name }) => name === text), ask: (text) => ({ name: text }) },
  policy: { valid: (text) => CONFIG.policies.some(({ name }) => name === text), ask: (text) => ({ name: text }) },
  seed: { valid: (text) => /^\d{1,10}$/.test(text), ask: (text) => ({ seed: Number(text) }) },
};
const LONGEST_WISH_MS = 30_000; // a policy that has to be loaded
const placed = { wish: null, until: 0 };
const differs = (status, name) => placed.wish[name] !== undefined && placed.wish[name] !== String(status[name]);
function wish(address) {
  placed.wish = Object.fromEntries(Object.entries(SETTINGS).filter(([name, { valid }]) => valid(address[name] ?? "")).map(([name]) => [name, address[name]]));
  placed.until = performance.now() + LONGEST_WISH_MS;
  placed.sent = false;
}
function followWish(status) {
  const open = Object.keys(SETTINGS).filter((name) => differs(status, name));
  if (!open.length || performance.now() > placed.until) { placed.wish = null; return; }
  if (placed.sent) return;
  placed.sent = true;
  for (const name of open) send(name, SETTINGS[name].ask(placed.wish[name]));
}
{
  const address = pagePlace.read();
  if (!address.share && !address.replay) wish(address);
}
pagePlace.listen((address) => { if (live.status && !live.status.replay) { wish(address); followWish(live.status); } });
plug({
  listen({ status }) {
    if (!status) return;
    if (placed.wish) followWish(status);
    if (placed.wish || status.replay || shared.wanted) return;
    const { policy, task } = pagePlace.read(), known = policy !== undefined;
    const other = known && (policy !== status.policy || task !== status.task);
    pagePlace.write({ share: null, replay: null, task: status.task, policy: status.policy, seed: status.seed }, other);
  },
});
