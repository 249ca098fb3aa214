// Where the page is, in its address: the tab and what is open in it. Every tab's script shares the one on the window.
const pagePlace = (window.wamPlace ??= (() => {
  const listeners = [];
  const read = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  addEventListener("popstate", () => listeners.forEach((listen) => listen(read())));
  return {
    read,
    // A null forgets its name. What is pushed can be gone back from; anything else replaces the present address.
    write(values, push = false) {
      const next = new URLSearchParams(location.hash.slice(1));
      for (const [name, value] of Object.entries(values)) value === null || value === "" ? next.delete(name) : next.set(name, value);
      if (next.toString() !== new URLSearchParams(location.hash.slice(1)).toString())
        history[push ? "pushState" : "replaceState"](history.state, "", `${location.pathname}${location.search}#${next}`);
    },
    // Calls `listen` with what the address says after Back or Forward.
    listen: (listen) => listeners.push(listen),
  };
})());
