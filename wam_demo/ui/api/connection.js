// The test of a policy server: who answers, and how long a plan takes.
const testForm = $(".connection form");
const spread = ({ p50, p95 }) => `${p50} ms, 95 % within ${p95} ms`;
function connectionRows(found) {
  const inside = found.server_ms;
  return [
    ["connected in", `${found.connect_ms} ms`], ["first plan", `${found.first_ms} ms`],
    [`plan, median of ${found.plans}`, spread(found.round_trip_ms)],
    ["of it in the server", inside ? `${spread(inside)}; the way there and back takes ${Math.max(0, found.round_trip_ms.p50 - inside.p50).toFixed(1)} ms` : "the server does not say"],
    ["tasks", found.tasks.join(", ") || "the server does not say"],
    ["the plan leads the tool", `${found.moved_cm} cm in 1.6 s`],
  ];
}
testForm?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = testForm.querySelector("button"), line = $(".connection .answer"), list = $(".connection dl");
  button.disabled = true;
  list.hidden = true;
  notice("Connecting …", false, line);
  try {
    const found = await request(server.programs, { kind: "connection", url: testForm.elements.url?.value || "" });
    notice(`${found.policy || "A policy server"} answers.`, false, line);
    setHtml(list, connectionRows(found).map(([name, text]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`).join(""));
    list.hidden = false;
  } catch (error) { notice(error.message, true, line); }
  button.disabled = false;
});
