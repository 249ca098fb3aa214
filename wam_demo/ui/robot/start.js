// What a visitor of "Your robot" sees first.
$('[data-do="setup"]').addEventListener("click", () => { showMode("setup"); askPreview(); askThumbs(); notice("Check what stands for what, then open an episode."); });
joinPolicies();
notice("Bring a recording of your robot, or try the example.");
again();
