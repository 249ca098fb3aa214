// Turns what was just done in the Live tab into a paired test: { task, policy, seed, axis, severity }, all but `axis` optional.
function sendToRobustness(test) {
  window.wamPrefill = test; // kept until the tab takes it
  window.dispatchEvent(new CustomEvent("wam-prefill"));
  [...document.querySelectorAll('#tabs button[role="tab"]')].find((tab) => tab.textContent.trim() === "Robustness")?.click();
}
