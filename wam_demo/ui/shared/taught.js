// Policies that were taught after the server began join every list of the page. All tabs' scripts share the one on the window.
const taught = (window.wamTaught ??= (() => {
  const listeners = [], known = [];
  return {
    tell(policies) {
      for (const policy of policies.filter(({ name }) => !known.some((one) => one.name === name))) {
        known.push(policy);
        listeners.forEach((listen) => listen(policy));
      }
    },
    listen(listen) { listeners.push(listen); known.forEach(listen); },
    ask() { return fetch(`${window.gradio_config?.root || ""}/taught.json`).then((answer) => answer.json()).then(this.tell.bind(this)).catch(() => {}); },
  };
})());
window.wamTaughtAsked ??= taught.ask();
// Lists of policies are marked `data-policies`; what else a tab does with a new one it says by `add`.
function joinPolicies(add = () => {}) {
  taught.listen((policy) => {
    if (CONFIG.policies.some(({ name }) => name === policy.name)) return;
    CONFIG.policies.push(policy);
    for (const list of $$("[data-policies]")) list.append(new Option(policy.label, policy.name));
    add(policy);
  });
}
