"use strict";
(function () {
  const root = document.documentElement;

  /* ---- light and dark ---- */
  const scheme = document.getElementById("scheme");
  const isDark = () => root.dataset.scheme === "dark" ||
    (!root.dataset.scheme && matchMedia("(prefers-color-scheme: dark)").matches);
  const nameScheme = () => { scheme.textContent = isDark() ? "Light" : "Dark"; };
  scheme.hidden = false;
  scheme.addEventListener("click", () => { root.dataset.scheme = isDark() ? "light" : "dark"; nameScheme(); });
  nameScheme();

  /* ---- the table: sorting and filtering ---- */
  const table = document.getElementById("cell-table");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const valueOf = (row, column, kind) => {
    const cell = row.cells[column];
    if (kind === "text") return cell.textContent;
    return cell.dataset.value === undefined ? NaN : Number(cell.dataset.value);
  };
  const compare = (a, b, kind) => {
    if (kind === "text") return a.localeCompare(b, "en", { numeric: true });
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return a - b;
  };
  table.tHead.querySelectorAll("button").forEach((button) => {
    button.addEventListener("click", () => {
      const head = button.parentElement, column = head.cellIndex, kind = button.dataset.kind;
      const falling = head.getAttribute("aria-sort") === "ascending";
      table.tHead.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      rows.sort((x, y) => {
        const a = valueOf(x, column, kind), b = valueOf(y, column, kind);
        const missing = kind === "number" && (Number.isNaN(a) || Number.isNaN(b));
        return missing || !falling ? compare(a, b, kind) : -compare(a, b, kind);
      });
      body.append(...rows);
    });
  });
  const filter = document.getElementById("filter"), filtered = document.getElementById("filtered");
  filter.closest(".filter").hidden = false;
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    });
    filtered.textContent = words.length > 0 ? shown + " of " + rows.length + " cells" : "";
  });

  /* ---- values under the pointer ---- */
  const tip = document.getElementById("tip");
  const names = {};
  document.querySelectorAll("#colours li").forEach((item) => { names[item.dataset.colour] = item.textContent; });
  const steps = (value, units, base) => {
    let i = 0;
    while (i + 1 < units.length && Math.abs(value) >= base) { value /= base; i++; }
    return Number(value.toPrecision(3)) + " " + units[i];
  };
  const formats = {
    ns: (value) => steps(value, ["ns", "µs", "ms", "s"], 1000),
    bytes: (value) => steps(value, ["B", "KiB", "MiB", "GiB"], 1024),
    "": (value) => String(Number(value.toPrecision(4))),
  };

  function Plot(box) {
    const source = document.getElementById("points-" + box.dataset.figure);
    const data = source ? JSON.parse(source.textContent) : null;
    if (!data) return;
    const svg = box.querySelector("svg");
    const unit = (axis) => data.panels.map((panel) => panel[axis]).find((name) => name !== "") || "";
    const units = { x: unit("x"), y: unit("y") };
    const points = [];
    data.panels.forEach((panel) => panel.series.forEach((series) => series.points.forEach((point) =>
      points.push({ px: point[0], py: point[1], x: point[2], y: point[3], colour: series.colour }))));
    points.sort((a, b) => a.px - b.px || a.py - b.py);
    let mark = null, at = -1;
    const hide = () => { tip.hidden = true; if (mark) { mark.remove(); mark = null; } };
    const show = (index) => {
      const point = points[index], frame = svg.getBoundingClientRect(), outer = box.getBoundingClientRect();
      const scale = frame.width / data.width;
      const left = frame.left + point.px * scale, top = frame.top + point.py * scale;
      at = index;
      if (!mark) { mark = document.createElement("span"); mark.className = "mark"; box.append(mark); }
      mark.style.left = (left - outer.left + box.scrollLeft) + "px";
      mark.style.top = (top - outer.top) + "px";
      const name = names[point.colour] ? names[point.colour] + ": " : "";
      tip.textContent = name + formats[units.y](point.y) + " at " + formats[units.x](point.x);
      tip.hidden = false;
      const width = tip.offsetWidth;
      tip.style.left = Math.max(4, Math.min(left + 14, innerWidth - width - 8)) + "px";
      tip.style.top = Math.max(4, top - tip.offsetHeight - 12) + "px";
    };
    box.addEventListener("pointermove", (event) => {
      const frame = svg.getBoundingClientRect(), scale = frame.width / data.width;
      const x = (event.clientX - frame.left) / scale, y = (event.clientY - frame.top) / scale;
      let best = -1, nearest = 30 * 30;
      points.forEach((point, index) => {
        const distance = (point.px - x) * (point.px - x) + (point.py - y) * (point.py - y);
        if (distance < nearest) { nearest = distance; best = index; }
      });
      if (best >= 0) show(best); else hide();
    });
    box.addEventListener("pointerleave", hide);
    box.addEventListener("blur", hide);
    box.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 20, PageUp: -20 }[event.key];
      if (event.key === "Escape") hide();
      if (step === undefined || points.length === 0) return;
      event.preventDefault();
      show(Math.max(0, Math.min(points.length - 1, at < 0 ? 0 : at + step)));
    });
  }
  document.querySelectorAll(".plot").forEach(Plot);

  /* ---- print: everything open ---- */
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((item) => { item.open = true; }));
})();
