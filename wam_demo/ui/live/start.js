// Begins: as this page was left, or as its link says.
const PAGE = "wam-live";
function wishes() {
  const page = pageName("data"); // what this page records is what its tab Data shows
  try { return { ...JSON.parse(sessionStorage.getItem(PAGE)), page }; } catch { return { page }; }
}
let leftAs = "";
function leaveAs({ task, policy, seed, autoplay, speed, words, severities, replay }) {
  if (replay) return;
  const state = JSON.stringify({ task, policy, seed, autoplay, speed, words, severities });
  if (state === leftAs) return;
  leftAs = state;
  try { sessionStorage.setItem(PAGE, state); } catch { /* private mode */ }
}
plug({ listen({ status }) { if (status) { leaveAs(status); showCoach(status); } } });

const theme = kept("wam-theme");
if (theme) document.body.classList.toggle("dark", theme === "dark");
root.classList.toggle("coached", kept("wam-coach") !== "off");
joinPolicies((policy) => { CONFIG.about[policy.name] = policy.sentence; });
explain();
startStrip(CONFIG.horizons.indexOf(8));
listenForLogs();
connect();
setInterval(pulse, 1000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) pulse(); });
