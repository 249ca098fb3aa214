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

// A scene in the address: task, policy, seed, and what disturbs it, e.g. with=light-3,noise-1.
const known = (items, name) => items.some((item) => item.name === name);
const severitiesIn = (text = "") => Object.fromEntries([...text.matchAll(/([a-z_]+)-([1-5])(?:,|$)/g)].map(([, axis, severity]) => [axis, Number(severity)]));
const withText = (severities) => Object.entries(severities).sort().map(([axis, severity]) => `${axis}-${severity}`).join(",");
const LONGEST_WISH_MS = 30_000; // a policy that has to be loaded
const wanted = { scene: null, until: 0 };
const sceneOf = ({ task, policy, seed, severities }) => JSON.stringify([task, policy, seed, withText(severities)]);
// What an address asks for; names that nobody here knows are left as they are.
function wish(address, status) {
  const scene = {
    task: known(CONFIG.scenes, address.task) ? address.task : status.task,
    policy: known(CONFIG.policies, address.policy) ? address.policy : status.policy,
    seed: /^\d{1,9}$/.test(address.seed ?? "") ? Number(address.seed) : status.seed,
    severities: severitiesIn(address.with),
  };
  if (sceneOf(scene) === sceneOf(status)) return;
  Object.assign(wanted, { scene, until: performance.now() + LONGEST_WISH_MS });
  send("scene", scene);
}
let looked = false;
pagePlace.listen((address) => { if (live.status && !live.status.replay) wish(address, live.status); });
plug({
  listen({ status }) {
    if (!status) return;
    const address = pagePlace.read();
    if (!looked && !address.share && !address.replay) wish(address, status);
    looked = true;
    if (wanted.scene && (sceneOf(wanted.scene) === sceneOf(status) || status.notice.warn || performance.now() > wanted.until)) wanted.scene = null;
    if (wanted.scene || status.replay || shared.wanted) return;
    const other = address.policy !== undefined && (address.policy !== status.policy || address.task !== status.task);
    pagePlace.write({ share: null, replay: null, task: status.task, policy: status.policy, seed: status.seed, with: withText(status.severities) }, other);
  },
});
