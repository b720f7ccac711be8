"use strict";
// Tables: sort by header, filter by word and by drop-down, page, save as CSV.
(() => {
  const MINUS = "\u2212";
  const fixed = (v, digits) => v.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  // the same rules as `show` in itc/report/page.py; the browser test compares the two
  const shows = {
    text: (v) => v,
    percent: (v) => `${(100 * v).toFixed(1)}\u00a0%`,
    points: (v) => `${v >= 0 ? "+" : ""}${(100 * v).toFixed(1)}`,
    integer: (v) => fixed(v, 0),
    tokens: (v) => fixed(v, Math.abs(v) >= 100 ? 0 : 1),
    signed: (v) => (v > 0 ? "+" : "") + (Math.abs(v) >= 100 ? shows.tokens(v) : shows.number(v)),
    p: (v) => (v < 0.001 ? "< 0.001" : v.toFixed(3)),
    number: (v) => {
      const size = Math.abs(v);
      if (v !== 0 && (size < 0.001 || size >= 100000)) {
        return v.toExponential(2).replace(/e([+-])(\d)$/, "e$10$2");
      }
      return fixed(v, size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3);
    },
  };
  const show = (v, style) => {
    if (v === null) return "\u2013";
    const text = shows[style](v);
    return style === "text" ? text : text.replace("-", MINUS);
  };
  const compare = (a, b) => {
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1; // missing last
    return typeof a === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0;
  };
  const element = (name, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };

  const build = (block, { columns }) => {
    const series = columns.map((c) => c.values || c.codes.map((k) => (k < 0 ? null : c.words[k])));
    const data = {
      columns: columns.map((c) => c.style),
      titles: columns.map((c) => c.title),
      choose: columns.map((c) => c.choose),
      rows: (series[0] || []).map((_, i) => series.map((values) => values[i])),
    };
    const page = Number(block.dataset.page);
    const body = block.querySelector("tbody");
    const heads = [...block.querySelectorAll("th")];
    const status = block.querySelector(".status");
    const tools = block.querySelector(".tools");
    const state = { word: "", picks: new Map(), sort: -1, down: false, at: 0 };
    let found = data.rows;

    const fill = () => {
      const part = found.slice(state.at * page, (state.at + 1) * page);
      body.replaceChildren(...part.map((row) => element("tr", {}, ...row.map((value, i) =>
        element("td", { className: data.columns[i] === "text" ? "text" : "num", textContent: show(value, data.columns[i]) })))));
      const first = found.length ? state.at * page + 1 : 0;
      const rows = `${fixed(found.length, 0)} ${found.length === 1 ? "row" : "rows"}`;
      const all = found.length === data.rows.length ? "" : `, ${fixed(data.rows.length, 0)} without filters`;
      status.textContent = `${found.length > page ? `${first}\u2013${first + part.length - 1} of ` : ""}${rows}${all}`;
      previous.disabled = state.at === 0;
      next.disabled = (state.at + 1) * page >= found.length;
    };
    const select = () => {
      const word = state.word.toLowerCase();
      found = data.rows.filter((row) =>
        [...state.picks].every(([i, value]) => value === "" || row[i] === value) &&
        (!word || row.some((v, i) => data.columns[i] === "text" && v !== null && v.toLowerCase().includes(word))));
      if (state.sort >= 0) {
        const i = state.sort;
        const sign = state.down ? -1 : 1;
        found = [...found].sort((a, b) => (a[i] === null || b[i] === null ? 1 : sign) * compare(a[i], b[i]));
      }
      state.at = 0;
      fill();
    };

    heads.forEach((head, i) => {
      const button = element("button", { type: "button", textContent: head.textContent });
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        state.down = state.sort === i ? !state.down : data.columns[i] !== "text"; // numbers: best first
        state.sort = i;
        heads.forEach((h) => h.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        select();
      });
    });

    const previous = element("button", { type: "button", textContent: "Previous" });
    const next = element("button", { type: "button", textContent: "Next" });
    previous.addEventListener("click", () => { state.at -= 1; fill(); });
    next.addEventListener("click", () => { state.at += 1; fill(); });

    if (data.rows.length > page) {
      const word = element("input", { type: "search", placeholder: "Filter by word" });
      word.setAttribute("aria-label", "Filter rows by word");
      word.addEventListener("input", () => { state.word = word.value.trim(); select(); });
      tools.append(word);
      data.choose.forEach((wanted, i) => {
        const values = wanted ? [...new Set(data.rows.map((row) => row[i]))].filter((v) => v !== null).sort() : [];
        if (values.length < 2) return;
        const pick = element("select", {}, element("option", { value: "", textContent: `any ${data.titles[i]}` }),
          ...values.map((v) => element("option", { value: v, textContent: v })));
        pick.setAttribute("aria-label", data.titles[i]);
        pick.addEventListener("change", () => { state.picks.set(i, pick.value); select(); });
        tools.append(pick);
      });
    }
    const save = element("button", { type: "button", textContent: "Save CSV" });
    save.addEventListener("click", () => {
      // A text that a spreadsheet would take for a formula begins with an apostrophe.
      const formula = /^(?:[\s\0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/;
      const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
      const cell = (v) => (typeof v === "string" && formula.test(v) && !number.test(v) ? `'${v}` : String(v));
      const quote = (v) => (v === null ? "" : /[",\n\r]/.test(cell(v)) ? `"${cell(v).replaceAll('"', '""')}"` : cell(v));
      const lines = [data.titles, ...found].map((row) => row.map(quote).join(","));
      const link = element("a", {
        href: URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" })),
        download: `${block.id.replace(/^table-/, "")}.csv`,
      });
      link.click();
      URL.revokeObjectURL(link.href);
    });
    tools.append(save);
    if (data.rows.length > page) status.after(element("div", { className: "pager" }, previous, next));
    tools.hidden = false;
    fill();
  };
  for (const block of document.querySelectorAll(".tableblock")) withData(block, build);
})();
