"use strict";
// Explorer: model output is only ever set as text, never as markup.
(() => {
  const PAGE = 12;
  const AUDIT = "audited";
  const make = (name, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };
  const words = (name) => name.replaceAll("_", " ");
  const number = (v) => (v === null ? "\u2013" : v.toLocaleString("en-US", { maximumFractionDigits: 3 }));

  const build = (box, data) => {
    const part = (name) => box.querySelector(`[data-${name}]`);
    const pick = Object.fromEntries([...box.querySelectorAll("[data-pick]")].map((s) => [s.dataset.pick, s]));
    const hidden = new Set();
    let draws = [];
    let at = 0;
    let open = null;

    const options = (select, values, any) => {
      const before = select.value;
      select.replaceChildren(...(any ? [make("option", { value: "", textContent: any })] : []),
        ...values.map(([value, text]) => make("option", { value, textContent: text })));
      if (values.some(([value]) => value === before)) select.value = before;
    };
    const dataset = () => data.datasets[Number(pick.dataset.value)];
    const problem = () => dataset().problems[Number(pick.problem.value)];
    const names = (key) => [...new Set(problem().draws.map((d) => d[key]))].map((v) => [v, v]);

    const pieces = (list) => list.map((piece) => {
      if (typeof piece === "string") return piece;
      const category = data.categories[piece[0]];
      const on = !hidden.has(piece[0]);
      return on ? make("mark", { className: `mark-${piece[0]}`, title: category, textContent: piece[1] }) : piece[1];
    });

    const read = () => {
      const reader = part("reader");
      if (open === null) {
        reader.replaceChildren(make("p", { className: "dim", textContent: "Open a draw to read it." }));
        return;
      }
      const legend = make("div", { className: "legend", role: "group" },
        ...data.categories.map((category, i) => {
          const box = make("input", { type: "checkbox", checked: !hidden.has(i) });
          box.addEventListener("change", () => {
            if (box.checked) hidden.delete(i); else hidden.add(i);
            body.replaceChildren(...texts());
          });
          return make("label", {}, box, make("mark", { className: `mark-${i}`, textContent: category }));
        }));
      legend.setAttribute("aria-label", "Highlighted markers");
      let unfolded = false;
      const texts = () => {
        const found = [];
        if (open.thinking.length) {
          const fold = make("details", { open: unfolded }, make("summary", { textContent: "Thinking" }),
            make("div", { className: "verbatim" }, ...pieces(open.thinking)));
          fold.addEventListener("toggle", () => { unfolded = fold.open; });
          found.push(fold);
        }
        found.push(make("div", { className: "verbatim" }, ...pieces(open.text)));
        return found;
      };
      const body = make("div", {}, ...texts());
      const head = make("h3", {}, make("bdi", { textContent: open.model }), ` · draw ${open.draw}`,
        open.round ? ` · round ${open.round}` : "", " ", make("span", { className: `chip ${open.verdict}`, textContent: open.verdict }));
      const facts = make("p", { className: "dim" }, `${words(open.procedure)}, ${number(open.tokens)} tokens`,
        open.cut ? ", cut at the token cap" : "", open.answer ? ", answer " : ", no answer",
        ...(open.answer ? [make("bdi", { textContent: open.answer })] : []),
        open.how === "fallback" ? ", read by the fall-back" : "");
      reader.replaceChildren(head, facts, legend, body);
    };

    const list = () => {
      const several = names("procedure").length > 1;
      const shown = draws.slice(at, at + PAGE);
      part("draws").replaceChildren(...shown.map((d) => {
        const button = make("button", { type: "button", className: "open" }, make("bdi", { textContent: d.model }), ` ${d.draw}`);
        if (several) button.append(make("span", { className: "how", textContent: `${words(d.procedure)}${d.round ? ` ${d.round}` : ""}` }));
        button.setAttribute("aria-pressed", String(d === open));
        button.addEventListener("click", () => {
          open = d;
          for (const other of part("draws").querySelectorAll(".open")) other.setAttribute("aria-pressed", String(other === button));
          read();
        });
        return make("tr", {}, make("td", {}, button),
          make("td", {}, make("span", { className: `chip ${d.verdict}`, textContent: d.verdict })),
          make("td", { className: "answer" }, make("bdi", { textContent: d.answer || "\u2013" })),
          make("td", { textContent: d.class < 0 ? "none" : String(d.class) }),
          make("td", { className: "num", textContent: number(d.tokens) }),
          make("td", { className: "num", textContent: number(d.score) }));
      }));
      part("status").textContent = draws.length ? `${at + 1}\u2013${at + shown.length} of ${draws.length} draws` : "no draw fits";
      part("previous").disabled = at === 0;
      part("next").disabled = at + PAGE >= draws.length;
    };

    const refresh = (changed) => {
      if (changed === "start" || changed === "dataset") {
        options(pick.problem, dataset().problems.map((p, i) => [String(i), p.accuracy === null ? p.id : `${p.id} · ${Math.round(100 * p.accuracy)}\u00a0% right`]));
      }
      if (["start", "dataset", "problem"].includes(changed)) {
        options(pick.model, names("model"), "all models");
        const audited = problem().draws.some((d) => d.audited);
        options(pick.verdict, [...names("verdict"), ...(audited ? [[AUDIT, "sample of fall-back answers"]] : [])], "any verdict");
        const procedures = names("procedure");
        options(pick.procedure, procedures.map(([value]) => [value, words(value)]), "all procedures");
        if (changed === "start" && procedures.some(([value]) => value === "sample")) pick.procedure.value = "sample";
        pick.procedure.parentElement.hidden = procedures.length < 2;
        part("question").textContent = problem().question || "not recorded";
        part("gold").textContent = problem().gold || "not recorded";
      }
      draws = problem().draws.filter((d) => (!pick.model.value || d.model === pick.model.value) && (!pick.verdict.value || (pick.verdict.value === AUDIT ? d.audited : d.verdict === pick.verdict.value)) && (!pick.procedure.value || d.procedure === pick.procedure.value));
      at = 0;
      if (!draws.includes(open)) open = changed === "start" ? draws.find((d) => d.thinking.length) || draws[0] || null : null;
      list();
      read();
    };

    if (!data.datasets.length) return;
    options(pick.dataset, data.datasets.map((d, i) => [String(i), d.title]));
    for (const [name, select] of Object.entries(pick)) select.addEventListener("change", () => refresh(name));
    part("previous").addEventListener("click", () => { at -= PAGE; list(); });
    part("next").addEventListener("click", () => { at += PAGE; list(); });
    box.hidden = false;
    refresh("start");
  };
  for (const box of document.querySelectorAll("[data-explorer]")) withData(box, build);
})();
