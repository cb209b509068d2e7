// What moves in the page: routes, search, the state explorer, the path finder, figures, language and theme.
// All text comes from the page or its data and is set as text, never as markup.
"use strict";
{
const data = JSON.parse(document.getElementById("data").textContent);
const root = document.documentElement;
const at = (id) => document.getElementById(id);

// --- elements and words ---------------------------------------------------------------------------------------------

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, given] of Object.entries(attributes || {})) {
    if (given !== null && given !== undefined && given !== false) element.setAttribute(name, given);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const both = (en, zh) => [make("span", { lang: "en" }, en), make("span", { lang: "zh-Hans" }, zh)];
const bdi = (text) => make("bdi", null, text);
// A long name may be broken after a part of it, not within.
const broken = (name) => make("bdi", null, name.split(/(?<=[_/])/).flatMap((part, i) => (i ? [make("wbr"), part] : [part])));
const link = (id, text, kind) => make("a", { href: "#" + id, class: kind }, broken(text));

// The same as render.clean.identifier: an id is made of its names, different for different names.
const identifier = (...names) => names.map((name) => Array.from(name, (c) =>
  /^[A-Za-z0-9_-]$/.test(c) ? c : `.${c.codePointAt(0).toString(16)}.`).join("")).join("--");

// Numbers, as render.page.packing.written writes them: digits of the upper half say that more follow.
const digits = new Map(Array.from(data.digits, (digit, i) => [digit, i])), half = data.digits.length / 2;
function numbers(text) {
  const found = [];
  let number = 0, scale = 1;
  for (const character of text) {
    const digit = digits.get(character);
    number += (digit % half) * scale; scale *= half;
    if (digit < half) { found.push(number); number = 0; scale = 1; }
  }
  return found;
}

// --- states ---------------------------------------------------------------------------------------------------------

const variables = data.variables;
const sizes = variables.map((variable) => variable.values.length);
const total = sizes.reduce((product, size) => product * size, 1);

const numberOf = (parts) => parts.reduce((number, part, i) => number * sizes[i] + part, 0);
function partsOf(number) {
  const parts = [];
  for (let i = sizes.length - 1; i >= 0; i--) { parts.unshift(number % sizes[i]); number = Math.floor(number / sizes[i]); }
  return parts;
}
const valueName = (variable, number) => variables[variable].values[number][0];
const nameOf = (number) => partsOf(number).map((part, i) => valueName(i, part)).join("/");
const hashOf = (number) => "state/" + partsOf(number).map((part, i) => encodeURIComponent(valueName(i, part))).join("/");
const statusOf = (number) => { const [first, second] = partsOf(number); return data.status[first][second]; };
const stateLink = (number) => link(hashOf(number), nameOf(number), "value");

// As model.state.parse_pattern: for each variable the values that the text admits; throws the parts that are no values.
function pattern(text) {
  const parts = text.trim().split("/");
  if (!text.trim() || parts.length > sizes.length) throw new RangeError(text);
  return variables.map((variable, i) => {
    const part = (parts[i] || "").trim().toLowerCase();
    if (part === "" || part === "*") return null;
    const number = variable.values.findIndex(([name, wire]) =>
      name.toLowerCase() === part || (wire === null ? "none" : wire.toLowerCase()) === part);
    if (number < 0) throw new RangeError(`${variable.name}: ${parts[i]}`);
    return number;
  });
}
const admits = (asked, number) => partsOf(number).every((part, i) => asked[i] === null || asked[i] === part);

// --- the configurations, and paths through them -----------------------------------------------------------------------

const network = { ...data.network, states: numbers(data.network.states).map((state) => state - 1), steps: numbers(data.network.steps) };
const first = new Int32Array(network.states.length + 1);    // where the steps of each configuration begin
numbers(network.leaving).forEach((count, i) => { first[i + 1] = first[i] + count; });
const signOf = (step) => network.signs[network.steps[2 * step]];
const leap = (step) => { const twice = network.steps[2 * step + 1]; return twice % 2 ? -(twice - 1) / 2 : twice / 2; };
const idle = (number) => (network.flags.charCodeAt(number) & 1) === 1;
const gone = (number) => (network.flags.charCodeAt(number) & 2) === 2;

// As model.paths.Search, for paths through no operation in particular: Moore's breadth-first search, and counting.
function search(from, to, avoid) {
  const states = network.states;
  const avoided = states.map((state) => state >= 0 && avoid.some((one) => admits(one, state)));
  const goal = states.map((state) => state >= 0 && admits(to, state));
  let starts = [0];
  if (from) {
    const met = [...states.keys()].filter((i) => states[i] >= 0 && admits(from, states[i]) && !gone(i));
    starts = met.filter(idle);
    if (!starts.length) starts = met;
  }
  const distance = new Int32Array(states.length).fill(-1);
  const order = starts.filter((i) => !avoided[i]);
  order.forEach((i) => { distance[i] = 0; });
  const zero = order.filter((i) => goal[i]);
  const after = (i) => {
    const found = [];
    for (let step = first[i]; step < first[i + 1]; step++) {
      const target = i + leap(step);
      if (!avoided[target]) found.push([step, target]);
    }
    return found;
  };
  const before = new Map();
  for (const i of order) {                                  // grows while it is walked
    for (const [, target] of after(i)) {
      if (distance[target] < 0) { distance[target] = distance[i] + 1; order.push(target); }
      if (!before.has(target)) before.set(target, []);
      before.get(target).push(i);
    }
  }
  if (zero.length) return { length: 0, count: BigInt(zero.length), paths: [{ start: states[zero[0]], steps: [] }] };
  const goals = order.filter((i) => goal[i]);
  if (!goals.length) return { length: null, count: 0n, paths: [], reason: why(from, to, avoid, order.length > 0) };
  const length = Math.min(...goals.map((i) => distance[i]));
  return { length, count: count(order, goals, distance, length, after), paths: list(starts, goals, before, length, after) };
}

function count(order, goals, distance, length, after) {
  let ways = new Map(order.filter((i) => distance[i] === 0).map((i) => [i, 1n]));
  for (let step = 1; step <= length; step++) {
    const following = new Map();
    for (const [i, number] of ways) {
      for (const [, target] of after(i)) {
        if (distance[target] === step) following.set(target, (following.get(target) || 0n) + number);
      }
    }
    ways = following;
  }
  return goals.reduce((sum, i) => sum + (ways.get(i) || 0n), 0n);
}

// The first five that differ in what they show, length by length, through no goal and no configuration twice.
function list(starts, goals, before, length, after) {
  const remaining = new Map(goals.map((i) => [i, 0]));
  const queue = [...goals];
  for (const i of queue) {
    for (const earlier of before.get(i) || []) {
      if (!remaining.has(earlier)) { remaining.set(earlier, remaining.get(i) + 1); queue.push(earlier); }
    }
  }
  const found = new Map();
  let budget = 20000;
  const walk = function* (i, bound, visited) {
    if (remaining.get(i) === 0 && (bound === 0 || visited.size > 1)) { if (bound === 0) yield []; return; }
    if (bound === 0) return;
    for (const [step, target] of after(i)) {
      if (visited.has(target) || (remaining.has(target) ? remaining.get(target) : bound) > bound - 1) continue;
      visited.add(target);
      for (const rest of walk(target, bound - 1, visited)) yield [[step, target], ...rest];
      visited.delete(target);
    }
  };
  for (let bound = length; bound < length + 40; bound++) {
    for (const start of starts.filter((i) => remaining.has(i))) {
      for (const steps of walk(start, bound, new Set([start]))) {
        const path = { start: network.states[start], steps: steps.map(([step, target]) => {
          const [row, kind, exception] = signOf(step);
          return { row, kind, exception, state: network.states[target], idle: idle(target) };
        }) };
        const key = JSON.stringify(path);
        if (!found.has(key)) found.set(key, path);
        if (found.size >= 5 || --budget <= 0) return [...found.values()];
      }
    }
  }
  return [...found.values()];
}

function why(from, to, avoid, started) {
  const met = (asked) => network.states.some((state) => state >= 0 && admits(asked, state));
  if (from && !met(from)) return both("No execution ever reaches the state to start from.", "没有任何执行会到达起始状态。");
  if (!met(to)) return both("No execution ever reaches the state to go to.", "没有任何执行会到达目标状态。");
  if (!started) return both("Every configuration to start from is one to avoid.", "所有起始配置都在要避开之列。");
  if (avoid.length) return both("Every path goes through a state to avoid.", "每条路径都会经过要避开的状态。");
  return both("Nothing leads from there to it: no step, or sequence of steps, of any row.", "没有任何步骤能从那里到达。");
}

// --- what is shown of steps -------------------------------------------------------------------------------------------

const rowLink = (row) => link(identifier("row", data.rows[row][0]), data.rows[row][0], "row");

function pathList(path) {
  const items = path.steps.map((step, i) => {
    const previous = i ? path.steps[i - 1].state : path.start;
    return make("li", { class: step.kind },
      rowLink(step.row), " ", make("span", { class: "kind" }, step.kind, step.exception ? `: ${step.exception}` : ""),
      step.state === previous ? null : make("div", null, "→ ", step.state < 0 ? both("no instance", "无实例") : stateLink(step.state)));
  });
  return make("ol", { class: "ways" }, make("li", null, path.start < 0 ? both("nothing yet", "尚不存在") : stateLink(path.start)), items);
}

// --- the state explorer -----------------------------------------------------------------------------------------------

const edges = [], leaving = new Map(), entering = new Map();
{
  const flat = numbers(data.edges.flat), put = (map, key, edge) => (map.has(key) ? map.get(key).push(edge) : map.set(key, [edge]));
  for (let i = 0, from = 0; i < flat.length; i += 5) {
    from += flat[i];
    const edge = { from, to: flat[i + 1], kind: data.edges.kinds[flat[i + 2]], taken: flat[i + 3] === 1, rows: data.edges.rows[flat[i + 4]] };
    edges.push(edge); put(leaving, from, edge); put(entering, edge.to, edge);
  }
}

// What some execution does is listed; the rest, which may be hundreds, when it is asked for.
function ways(chosen, end, empty) {
  if (!chosen.length) return make("p", { class: "muted" }, empty);
  const listed = (some) => make("ul", { class: "ways" }, some.map((edge) => make("li", { class: edge.kind },
    stateLink(edge[end]), " ", make("span", { class: "kind" }, edge.kind),
    make("span", { class: "rows" }, edge.rows.flatMap((row) => [rowLink(row), " "])))));
  const taken = chosen.filter((edge) => edge.taken), rest = chosen.filter((edge) => !edge.taken);
  const more = make("details", null, make("summary", null, both(
    `${rest.length} by the tables alone: no execution of one request at a time does them`, `仅依表格可行的 ${rest.length} 个：一次一个请求时不会发生`)));
  more.addEventListener("toggle", () => { if (more.open && more.childElementCount === 1) more.append(listed(rest)); });
  return make("div", { class: "choices" }, taken.length ? listed(taken) : null, rest.length ? more : null);
}

function allowed(number) {
  const parts = partsOf(number), found = new Map();
  for (const guard of data.guards) {
    if (found.has(guard.operation)) continue;
    const passing = guard.when.find((asked) => parts.every((part, i) => asked[i] === null || asked[i].includes(part)));
    if (passing) found.set(guard.operation, passing[sizes.length]);
  }
  return make("ul", { class: "allowed" }, [...found].map(([name, needs]) =>
    make("li", null, link(identifier("operation", name), name), needs.length ? make("small", null, " " + needs.join("; ")) : null)));
}

function restarts(number) {
  if (!data.restart.length) return null;
  return [make("h2", null, both("What a restart does", "重启后的结果")), make("ul", { class: "ways" },
    data.restart[number].map(([after, flags, rows]) => make("li", { class: flags & 2 ? "failure" : "recovery" },
      flags & 1 ? both("destroyed", "已销毁") : after === number ? both("unchanged", "不变") : stateLink(after),
      flags & 2 ? make("span", { class: "kind" }, both(" after a failure", " 失败之后")) : null,
      make("span", { class: "rows" }, rows.map((row) => [rowLink(row), " "]).flat()))))];
}

// --- what a value's section says besides its text ---------------------------------------------------------------------

const several = (items, most, en, zh) => (items.length <= most ? items.flatMap((item, i) => (i ? [", ", item] : [item]))
  : [make("details", null, make("summary", null, both(`${items.length} ${en}`, `${items.length} ${zh}`)), items.flatMap((item, i) => (i ? [", ", item] : [item])))]);
const valueLink = (variable, number) => link(identifier(variables[variable].name, valueName(variable, number)), valueName(variable, number), "value");
const ownerLink = (name) => (name in data.operations ? link(identifier("operation", name), name) : link(identifier("shared", name), name));

function table(label, heads, lines) {
  return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": label }, make("table", null,
    make("thead", null, make("tr", null, heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", null, lines)));
}

// By operation; of an operation that some execution takes, only what is taken is told.
function passages(variable, number, near, far) {
  const uses = new Map();
  const stride = sizes.slice(variable + 1).reduce((product, size) => product * size, 1);
  const part = (state) => Math.floor(state / stride) % sizes[variable];
  for (const edge of edges) {
    if (part(edge[near]) !== number || part(edge[far]) === number) continue;
    for (const row of edge.rows) {
      const name = data.rows[row][1];
      if (!uses.has(name)) uses.set(name, []);
      uses.get(name).push({ end: part(edge[far]), row, taken: edge.taken });
    }
  }
  if (!uses.size) return make("p", { class: "muted" }, both("Nothing does.", "没有。"));
  const lines = [...uses].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, all]) => {
    const taken = all.some((use) => use.taken), told = all.filter((use) => use.taken || !taken);
    const ends = [...new Set(told.map((use) => use.end))].sort((a, b) => a - b), rows = [...new Set(told.map((use) => use.row))].sort((a, b) => a - b);
    return [taken, make("tr", { class: taken ? null : "untaken" },
      make("th", { scope: "row" }, ownerLink(name), taken ? null : make("small", null, both("not by one request at a time", "一次一个请求时不会发生"))),
      make("td", null, several(ends.map((end) => valueLink(variable, end)), 6, "values", "个值")),
      make("td", null, several(rows.map(rowLink), 3, "rows", "行")))];
  });
  const heads = [both("Operation", "操作"), near === "to" ? both("from", "来自") : both("to", "转到"), both("by", "所经")];
  return table(valueName(variable, number), heads, lines.sort((a, b) => b[0] - a[0]).map(([, line]) => line));
}

// The requests that pass their guard with the value, and with which values of the other variable.
function passing(variable, number) {
  const other = 1 - variable, found = new Map();
  for (const guard of data.guards) {
    for (const asked of guard.when) {
      if (asked[variable] !== null && !asked[variable].includes(number)) continue;
      const values = found.get(guard.operation) || new Set();
      (asked[other] || variables[other].values.keys()).forEach((one) => values.add(one));
      found.set(guard.operation, values);
    }
  }
  if (!found.size) return make("p", { class: "muted" }, both("None does.", "没有。"));
  return make("ul", { class: "allowed" }, [...found].map(([name, values]) => {
    const every = sizes[other], but = values.size > every / 2;
    const shown = [...Array(every).keys()].filter((one) => values.has(one) !== but).map((one) => valueLink(other, one));
    return make("li", null, ownerLink(name), values.size === every ? null
      : make("small", null, " ", but ? both("unless ", "除非 ") : both("with ", "当 "), several(shown, 6, "values", "个值")));
  }));
}

// What a restart leaves, by the first two variables.
function restarted(variable, number) {
  const other = variable === 0 ? 1 : 0, last = total / sizes[0] / sizes[1], seen = new Map(), groups = new Map();
  for (let state = 0; state < total; state++) {
    const parts = partsOf(state);
    if (parts[variable] !== number) continue;
    const found = seen.get(parts[other]) || new Set();
    for (const [after, flags] of data.restart[state]) {
      found.add(flags & 1 ? -2 : Math.floor(after / last) === Math.floor(state / last) ? -1 : Math.floor(after / last));
    }
    seen.set(parts[other], found);
  }
  for (const [value, found] of seen) {
    const key = [...found].sort((a, b) => a - b).join();
    groups.set(key, [...(groups.get(key) || []), value]);
  }
  const outcome = (one) => (one === -2 ? both("destroyed", "已销毁") : one === -1 ? both("unchanged", "不变")
    : [make("code", null, bdi(nameOf(one * last).split("/").slice(0, 2).join("/")))]);
  const lines = [...groups].sort(([, a], [, b]) => b.length - a.length).map(([key, values]) => make("tr", null,
    make("th", { scope: "row" }, values.length === sizes[other] ? both("any", "任意") : several(values.map((one) => valueLink(other, one)), 8, "values", "个值")),
    make("td", null, key.split(",").flatMap((one, i) => [i ? both(" or ", " 或 ") : [], outcome(Number(one))].flat()))));
  return table(valueName(variable, number), [bdi(variables[other].name), both("becomes", "变为")], lines);
}

function fillValue(view) {
  if (view.dataset.variable === undefined || view.dataset.filled) return;
  view.dataset.filled = "yes";
  const variable = Number(view.dataset.variable), number = Number(view.dataset.number);
  view.append(make("h2", null, both("How one gets there", "如何到达")), passages(variable, number, "to", "from"),
    make("h2", null, both("What may happen", "接下来可能发生什么")), passages(variable, number, "from", "to"));
  if (variable < 2) view.append(make("h2", null, both("Requests that pass their guard", "可通过守卫条件的请求")), passing(variable, number));
  if (data.restart.length) view.append(make("h2", null, both("What a restart does", "重启后的结果")), restarted(variable, number));
}

const trail = [];
function showState(number) {
  const parts = partsOf(number);
  if (trail.includes(number)) trail.length = trail.indexOf(number);
  trail.push(number);
  if (trail.length > 12) trail.shift();
  at("trail").replaceChildren(...trail.map((one) => make("li", null, one === number ? make("b", null, bdi(nameOf(one))) : stateLink(one))));
  at("state-name").replaceChildren(broken(nameOf(number)));
  variables.forEach((variable, i) => { at(identifier("choose", variable.name)).selectedIndex = parts[i]; });
  const met = network.states.flatMap((state, i) => (state === number ? [i] : []));
  const resting = met.some(idle), arrival = met.length ? search(null, parts, []).paths[0] : null;
  const out = leaving.get(number) || [], back = entering.get(number) || [];
  at("state-said").textContent = `${nameOf(number)}: ${out.length} / ${back.length}`;
  at("state-text").replaceChildren(...[
    make("dl", { class: "facts" },
      parts.map((part, i) => [make("dt", null, link(identifier(variables[i].name, valueName(i, part)), valueName(i, part))),
        make("dd", null, ...[...(at(identifier(variables[i].name, valueName(i, part))).querySelector(".meaning").childNodes)].map((node) => node.cloneNode(true)))]).flat(),
      make("dt", null, both("Public status", "公开状态")), make("dd", null, statusOf(number) ? make("code", null, bdi(statusOf(number))) : "—"),
      make("dt", null, both("Reached", "是否可达")), make("dd", null, met.length
        ? resting ? both("by requests one at a time, also with nothing in flight", "一次一个请求即可到达，且可在无进行中请求时停留")
          : both("by requests one at a time, only while one is in flight", "一次一个请求即可到达，但仅在请求进行中")
        : both("by no sequence of requests one at a time; by crashes, races or from outside, if at all", "一次一个请求无法到达；只可能由崩溃、竞争或外部原因造成"))),
    make("p", null, make("a", { href: `#paths/${encodeURIComponent(nameOf(number))}` }, both("Find a path from here", "从此处查找路径"))),
    make("h2", null, both(`Step forward: ${out.length}`, `前进：${out.length}`)), ways(out, "to", both("Nothing leads on from here.", "此处没有后续。")),
    make("h2", null, both(`Step back: ${back.length}`, `后退：${back.length}`)), ways(back, "from", both("Nothing leads here.", "没有步骤到达此处。")),
    make("h2", null, both("Requests that pass their guard", "可通过守卫条件的请求")), allowed(number),
    restarts(number),
    arrival ? [make("h2", null, both("A shortest way here from nothing", "从无到此的一条最短路径")), pathList(arrival)] : null,
  ].flat().filter(Boolean));
}

at("state-choice").addEventListener("change", () => {
  location.hash = hashOf(numberOf(variables.map((variable) => at(identifier("choose", variable.name)).selectedIndex)));
});

// --- the path finder --------------------------------------------------------------------------------------------------

function showPaths(texts) {
  const [from, to, avoid] = ["from", "to", "avoid"].map((name, i) => (at(`path-${name}`).value = texts[i] || "").trim());
  const said = at("path-said");
  at("path-list").replaceChildren();
  delete said.dataset.length; delete said.dataset.count;
  if (!to) { said.replaceChildren(); return; }
  let answer;
  try {
    answer = search(from ? pattern(from) : null, pattern(to), avoid.split(/[\s,]+/).filter(Boolean).map(pattern));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    said.replaceChildren(...both(`This is no state: ${error.message}`, `这不是状态：${error.message}`));
    return;
  }
  said.dataset.length = answer.length === null ? "none" : answer.length;
  said.dataset.count = answer.count;
  if (answer.length === null) said.replaceChildren(...answer.reason);
  else if (answer.length === 0) said.replaceChildren(...both("Already there.", "已在该状态。"));
  else said.replaceChildren(...both(`The shortest path has ${answer.length} steps; there are ${answer.count} of that length.`, `最短路径有 ${answer.length} 步；这个长度的路径共 ${answer.count} 条。`));
  if (answer.length) {
    at("path-list").replaceChildren(...answer.paths.map((path, i) => make("details", { open: i === 0 ? "" : null },
      make("summary", null, both(`Path ${i + 1}: ${path.steps.length} steps`, `路径 ${i + 1}：${path.steps.length} 步`)), pathList(path))));
  }
}

at("path-question").addEventListener("submit", (event) => {
  event.preventDefault();
  const hash = "paths/" + ["from", "to", "avoid"].map((name) => encodeURIComponent(at(`path-${name}`).value)).join("/").replace(/\/+$/, "");
  if (location.hash === "#" + hash) showPaths(["from", "to", "avoid"].map((name) => at(`path-${name}`).value));
  else location.hash = hash;
});
at("states").append(...variables[0].values.map(([name]) => make("option", { value: name })),
  ...[...new Set(network.states.filter((state, i) => state >= 0 && idle(i)))].sort((a, b) => a - b).map((state) => make("option", { value: nameOf(state) })));

// --- figures ----------------------------------------------------------------------------------------------------------

// Text by words, as render.page.packing.pack writes it.
const unpack = (packed) => numbers(packed).map((number) => data.figures.words[number]).join("");

function drawFigures(view) {
  for (const place of view.querySelectorAll(".figure:empty")) {
    const name = place.dataset.figure, title = data.figures.titles[name];
    const svg = unpack(data.figures.drawings[name]), content = name in data.figures.tables ? unpack(data.figures.tables[name]) : null;
    const drawing = document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);
    // The policy forbids style attributes; what they say is set one by one.
    for (const element of [drawing, ...drawing.querySelectorAll("[data-style]")]) element.style.cssText = element.dataset.style || "";
    const frame = make("div", { class: "frame", tabindex: "0", role: "group", "aria-label": title }, drawing);
    place.append(tools(frame, drawing), frame);
    if (content) {
      const rows = document.importNode(new DOMParser().parseFromString(content, "text/html").querySelector("table"), true);
      place.append(make("details", null, make("summary", null, both("The same as a table", "以表格显示")),
        make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": title }, rows)));
    }
  }
}

function tools(frame, drawing) {
  let scale = 1, x = 0, y = 0, held = null;
  const put = () => {
    const { width: across, height: down } = frame.getBoundingClientRect();
    x = Math.min(0, Math.max(x, across * (1 - scale)));
    y = Math.min(0, Math.max(y, Math.min(0, down - drawing.clientHeight * scale)));
    drawing.style.transform = scale === 1 && !y ? "" : `translate(${x}px,${y}px) scale(${scale})`;
    frame.classList.toggle("zoomed", scale > 1);
  };
  const zoom = (factor, px, py) => {
    const next = Math.min(8, Math.max(1, scale * factor)), { width: across, height: down } = frame.getBoundingClientRect();
    const cx = px === undefined ? across / 2 : px, cy = py === undefined ? down / 2 : py;
    x = cx - (cx - x) * next / scale; y = cy - (cy - y) * next / scale; scale = next; put();
  };
  const reset = () => { scale = 1; x = y = 0; put(); };
  const move = (dx, dy) => { x += dx; y += dy; put(); };
  const keys = { "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), 0: reset,
    ArrowLeft: () => move(60, 0), ArrowRight: () => move(-60, 0), ArrowUp: () => move(0, 60), ArrowDown: () => move(0, -60) };
  frame.addEventListener("keydown", (event) => {
    if (event.target !== frame || event.ctrlKey || event.metaKey || !(event.key in keys)) return;
    if (event.key.startsWith("Arrow") && scale === 1) return;
    event.preventDefault(); keys[event.key]();
  });
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = frame.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  frame.addEventListener("pointerdown", (event) => { if (scale > 1 && event.button === 0) held = [event.clientX, event.clientY, false]; });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    if (!held[2] && Math.hypot(event.clientX - held[0], event.clientY - held[1]) < 4) return;
    move(event.clientX - held[0], event.clientY - held[1]); held = [event.clientX, event.clientY, true];
  });
  addEventListener("pointerup", (event) => {
    // A drag that ends on a node is not a click on it.
    if (held && held[2]) frame.addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
    held = null;
  });
  const button = (text, en, zh, action) => {
    const made = make("button", { type: "button" }, make("span", { "aria-hidden": "true" }, text), make("span", { class: "hidden" }, both(en, zh)));
    made.addEventListener("click", action);
    return made;
  };
  return make("div", { class: "tools" }, button("+", "Zoom in", "放大", () => zoom(1.4)), button("−", "Zoom out", "缩小", () => zoom(1 / 1.4)), button("⤢", "Whole figure", "完整图形", reset));
}

// --- traces of findings -----------------------------------------------------------------------------------------------

document.addEventListener("toggle", (event) => {
  const details = event.target, number = details.dataset ? details.dataset.trace : undefined;
  if (number === undefined || !details.open || details.childElementCount > 1) return;
  const [start, cycle, steps] = data.traces.traces[number];
  const fields = (list) => list.flatMap((text) => [make("code", null, bdi(text)), " "]);
  details.append(make("ol", { class: "ways" },
    make("li", null, fields(data.traces.starts[start].map((pair) => pair.join(" = ")))),
    steps.map((one, i) => {
      const [row, kind, process, service, exception, changes] = data.traces.steps[one];
      return make("li", { class: kind },
        i === cycle ? make("p", { class: "kind" }, both("From here it repeats for ever:", "从这里开始无限循环：")) : null,
        typeof row === "number" ? rowLink(row) : make("code", null, bdi(row)), " ",
        make("span", { class: "kind" }, [process, service, kind, exception].filter(Boolean).join(" · ")),
        make("span", { class: "rows" }, fields(changes.map(([name, before, after]) => `${name}: ${before} → ${after}`))));
    }),
    cycle === steps.length ? make("li", null, both("There it stays for ever.", "此后永远停留。")) : null));
}, true);

// --- search -----------------------------------------------------------------------------------------------------------

let entries = null;
function indexed() {
  const text = (element) => (element ? element.textContent.replace(/\s+/g, " ").trim() : "");
  const found = [];
  for (const variable of variables) {
    for (const [name, wire] of variable.values) {
      const id = identifier(variable.name, name);
      found.push({ id, name, kind: variable.name, node: at(id).querySelector(".meaning"), words: `${name} ${wire || ""}` });
    }
  }
  for (const view of document.querySelectorAll('[id^="operation--"].view,[id^="property--"].view')) {
    found.push({ id: view.id, name: view.dataset.name, kind: view.id.split("--")[0], node: view.querySelector(".meaning"),
      words: `${view.dataset.name} ${text(view.querySelector(".facts"))} ${text(view).match(/#\d+/g) || ""}` });
  }
  for (const [id] of data.rows) found.push({ id: identifier("row", id), name: id, kind: "row", node: null, words: id });
  const statuses = new Map();
  data.status.forEach((line, i) => line.forEach((status) => { if (status && !statuses.has(status)) statuses.set(status, i); }));
  for (const [status, i] of statuses) {
    found.push({ id: identifier(variables[0].name, valueName(0, i)), name: status, kind: "status", node: null, words: status });
  }
  for (const entry of found) {
    entry.low = entry.words.toLowerCase();
    entry.all = `${entry.low} ${text(entry.node).toLowerCase()}`;
  }
  return found;
}

function hits(query) {
  entries = entries || indexed();
  const words = query.toLowerCase().split(/[\s,]+/).filter(Boolean), scored = [];
  if (!words.length) return [];
  for (const entry of entries) {
    if (!words.every((word) => entry.all.includes(word))) continue;
    const name = entry.name.toLowerCase(), asked = words.join(" ");
    const score = name === asked ? 0 : name.startsWith(asked) ? 1 : name.includes(asked) ? 2 : words.every((word) => entry.low.includes(word)) ? 3 : 4;
    scored.push([score + (entry.kind === "row" ? 2.5 : 0), entry]);
  }
  scored.sort((a, b) => a[0] - b[0]);
  const found = scored.map(([, entry]) => entry);
  return [...stateHits(query), ...found];
}

// A state written as such, or its values in any order of words.
function stateHits(query) {
  try {
    const text = query.includes("/") ? query : query.trim().split(/\s+/).length > 1 ? query.trim().split(/\s+/).join("/") : "";
    const asked = pattern(text), found = [];
    for (let i = 0; i < total && found.length < 8; i++) {
      if (admits(asked, i)) found.push({ id: hashOf(i), name: nameOf(i), kind: "state", node: null });
    }
    return found;
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

const box = at("search"), found = at("found");
let chosen = -1;
function choose(number) {
  const options = [...found.children];
  chosen = options.length ? (number + options.length) % options.length : -1;
  options.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
  if (chosen >= 0) { box.setAttribute("aria-activedescendant", options[chosen].id); options[chosen].scrollIntoView({ block: "nearest" }); }
  else box.removeAttribute("aria-activedescendant");
}
function close() { found.hidden = true; box.setAttribute("aria-expanded", "false"); box.removeAttribute("aria-activedescendant"); }
function look() {
  const all = hits(box.value);
  found.replaceChildren(...all.slice(0, 12).map((entry, i) => {
    const option = make("li", { role: "option", id: `found-${i}`, "data-id": entry.id, "aria-selected": "false" },
      make("b", null, bdi(entry.name)), " ", make("span", { class: "kind" }, entry.kind),
      entry.node ? make("small", null, ...[...entry.node.childNodes].map((node) => node.cloneNode(true))) : null);
    option.addEventListener("pointerdown", (event) => { event.preventDefault(); go(entry.id); });
    return option;
  }));
  const open = box.value.trim() !== "";
  found.hidden = !open || !all.length;
  box.setAttribute("aria-expanded", String(!found.hidden));
  at("search-said").replaceChildren(...(open ? both(`${all.length} found`, `找到 ${all.length} 项`) : []));
  choose(0);
}
function go(id) { close(); box.value = ""; at("search-said").replaceChildren(); box.blur(); location.hash = id; }
box.addEventListener("input", look);
box.addEventListener("focus", () => { if (box.value) look(); });
box.addEventListener("blur", close);
box.form.addEventListener("submit", (event) => { event.preventDefault(); });
box.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); choose(chosen + (event.key === "ArrowDown" ? 1 : -1)); }
  else if (event.key === "Enter") { event.preventDefault(); const option = found.children[chosen]; if (option) go(option.dataset.id); }
  else if (event.key === "Escape") { if (found.hidden) box.value = ""; close(); }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
    event.preventDefault(); box.focus();
  }
});

// --- routes -----------------------------------------------------------------------------------------------------------

const title = document.title;
function route(moved) {
  const hash = location.hash.slice(1), [head, ...rest] = hash.split("/");
  const parts = rest.map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  let view = at("overview"), target = null;
  if (head === "state") {
    let number = null;
    try { const asked = pattern(parts.length ? parts.join("/") : nameOf(0)); number = numberOf(asked.map((part) => part || 0)); }
    catch (error) { if (!(error instanceof RangeError)) throw error; }
    if (number !== null) { view = at("state"); showState(number); }
  } else if (head === "paths") {
    view = at("paths"); showPaths(parts);
  } else if (at(hash)) {
    target = at(hash);
    view = target.closest(".view") || view;
  }
  for (const shown of document.querySelectorAll(".shown,.target")) shown.classList.remove("shown", "target");
  fillValue(view);
  view.classList.add("shown");
  drawFigures(view);
  const heading = view.querySelector("h1");
  document.title = view.id === "overview" ? title : `${heading.innerText.trim()} · ${title}`;
  for (const anchor of document.querySelectorAll("nav [aria-current]")) anchor.removeAttribute("aria-current");
  const current = document.querySelector(`.columns > nav a[href="#${CSS.escape(view.id)}"]`) || document.querySelector(`.columns > nav a[href="#${view.id}"]`);
  if (current) {
    current.setAttribute("aria-current", "page");
    for (let details = current.closest("li details"); details; details = details.parentElement.closest("li details")) details.open = true;
  }
  if (narrow.matches && moved) at("menu").open = false;
  if (target && target !== view) {
    target.classList.add("target"); target.scrollIntoView({ block: "center" }); target.focus({ preventScroll: true });
  } else if (moved) {
    scrollTo(0, 0); heading.focus({ preventScroll: true });
  }
}

// --- language and theme -----------------------------------------------------------------------------------------------

// From disk some browsers keep nothing for a page; then a choice lasts as long as the page.
const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
const keep = (name, given) => { try { localStorage.setItem(name, given); } catch { /* not kept */ } };
function speak(language) { root.dataset.language = language; root.lang = language === "zh" ? "zh-Hans" : "en"; box.placeholder = box.dataset[language]; }
function paint(theme) { if (theme === "light" || theme === "dark") root.dataset.theme = theme; else delete root.dataset.theme; }
at("language").addEventListener("click", () => { speak(root.dataset.language === "zh" ? "en" : "zh"); keep("language", root.dataset.language); });
at("theme").addEventListener("click", () => {
  paint({ undefined: "light", light: "dark" }[root.dataset.theme]); keep("theme", root.dataset.theme || "auto");
});

const narrow = matchMedia("(max-width: 56rem)");
speak(kept("language") === "zh" ? "zh" : "en");
paint(kept("theme"));
if (narrow.matches) at("menu").open = false;
root.classList.add("ready");
addEventListener("hashchange", () => route(true));
route(location.hash !== "");
}
