// What a visitor of "Data" sees first, and what changes while they look.
joinPolicies();
player.hint = "Scrub to a moment and keep what comes after it, or before it.";
$('[data-do="setup"]').addEventListener("click", () => { showMode("setup"); notice(""); });
$('.player [data-field="policy"]').addEventListener("change", () => watchEpisode(data.one.number));
whileVisible(root, 4000, attempt(async () => { if (root.dataset.state === "setup") await refreshSets(); }));
