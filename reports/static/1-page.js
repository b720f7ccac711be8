"use strict";
// Theme, contents, cost switch. The page reads well without any of it.
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // file: pages may be denied storage; the choice then lasts as long as the page
  const stored = {
    get: () => { try { return localStorage.getItem("itc-theme"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("itc-theme", value); } catch { /* kept in the page */ } },
  };
  const prefersDark = () => window.matchMedia("(prefers-color-scheme: dark)").matches;
  const shown = () => root.dataset.theme || (prefersDark() ? "dark" : "light");
  const theme = document.querySelector(".theme");
  const paint = () => {
    const other = shown() === "dark" ? "light" : "dark";
    theme.querySelector(".theme-word").textContent = `Switch to ${other}`;
  };
  if (["light", "dark"].includes(stored.get())) root.dataset.theme = stored.get();
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = shown() === "dark" ? "light" : "dark";
    stored.set(root.dataset.theme);
    paint();
  });
  paint();

  const side = document.querySelector(".side");
  const menu = side.querySelector(".menu");
  const open = (yes) => {
    side.classList.toggle("open", yes);
    menu.setAttribute("aria-expanded", String(yes));
  };
  menu.addEventListener("click", () => open(!side.classList.contains("open")));
  side.querySelector("ol").addEventListener("click", (event) => event.target.closest("a") && open(false));
  document.addEventListener("keydown", (event) => event.key === "Escape" && open(false));

  // mark the section whose start was last passed
  const links = [...side.querySelectorAll("ol a")];
  const targets = links.map((a) => document.getElementById(decodeURIComponent(a.hash.slice(1))));
  let waiting = false;
  const mark = () => {
    waiting = false;
    const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 4;
    let current = 0;
    targets.forEach((t, i) => { if (t && t.getBoundingClientRect().top < 140) current = i; });
    if (atEnd) current = targets.length - 1;
    links.forEach((a, i) => {
      if (i === current) a.setAttribute("aria-current", "true");
      else a.removeAttribute("aria-current");
    });
  };
  window.addEventListener("scroll", () => {
    if (!waiting) { waiting = true; requestAnimationFrame(mark); }
  }, { passive: true });
  mark();

  for (const box of document.querySelectorAll(".switch")) {
    const tabs = [...box.querySelectorAll('[role="tab"]')];
    const choose = (at, focus) => {
      tabs.forEach((tab, i) => {
        tab.setAttribute("aria-selected", String(i === at));
        tab.tabIndex = i === at ? 0 : -1;
        document.getElementById(tab.getAttribute("aria-controls")).classList.toggle("shown", i === at);
      });
      if (focus) tabs[at].focus();
    };
    tabs.forEach((tab, i) => {
      tab.addEventListener("click", () => choose(i, false));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        const end = { Home: 0, End: tabs.length - 1 }[event.key];
        if (step === undefined && end === undefined) return;
        event.preventDefault();
        choose(end ?? (i + step + tabs.length) % tabs.length, true);
      });
    });
    choose(0, false);
  }
})();
