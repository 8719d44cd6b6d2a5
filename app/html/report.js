'use strict';
// Draws a report from the JSON beside it: `document` is what the command prints with --json, `details` what charts need
// besides (app/page.hpp). Everything shown is computed here from those two.
(() => {
  const { document: doc, details } = JSON.parse(document.getElementById('data').textContent);
  const root = document.getElementById('report');
  const report = { document: doc, details, charts: {} };
  const redraws = [];

  // --- words and numbers

  const PREFIXED = new Set(['s', 'J', 'W', 'B', 'J·s', 'Hz', 'FLOP', 'FLOP/s', 'B/s', 'FLOP/B']);
  const PREFIXES = { '-12': 'p', '-9': 'n', '-6': 'µ', '-3': 'm', 0: '', 3: 'k', 6: 'M', 9: 'G', 12: 'T', 15: 'P' };

  /** Three significant digits and an SI prefix; times take none above one. */
  function si(value, unit) {
    if (value === null || value === undefined || !isFinite(value)) return '—';
    if (unit === '1') return String(Number(value.toPrecision(3)));
    if (!PREFIXED.has(unit) || value === 0) return `${Number(value.toPrecision(3))} ${unit}`.trim();
    let power = 3 * Math.floor(Math.log10(Math.abs(Number(value.toPrecision(3)))) / 3);
    power = Math.max(-12, Math.min(unit === 's' ? 0 : 15, power));
    const scaled = value / 10 ** power;
    const digits = Math.abs(scaled) >= 1000 ? scaled.toFixed(0) : Number(scaled).toPrecision(3);
    return `${digits} ${PREFIXES[power]}${unit}`;
  }
  const count = (value) => si(value, 'FLOP').replace('FLOP', '').trim();
  const percent = (share, digits = 1) => (share === null || share === undefined ? '—' : `${(100 * share).toFixed(digits)} %`);
  /** The nearest number of two digits in the direction of `round`. */
  function twoDigits(value, round) {
    const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
    return round(value / unit) * unit;
  }
  const words = (key) => key.replace(/_/g, ' ');
  /** "1.37 – 3.39 s"; "895 ms – 1.78 s" where the prefixes differ. */
  function interval({ low, high, unit }) {
    if (low === null || low === undefined) return '—';
    const [from, to] = [si(low, unit), si(high, unit)];
    const shared = to.slice(to.indexOf(' '));
    return `${from.endsWith(shared) ? from.slice(0, -shared.length) : from} – ${to}`;
  }
  const html = (text) => String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;');

  // --- building blocks

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  function section(title, ...notes) {
    const made = element('section', {}, element('h2', {}, title), ...notes.filter(Boolean).map((n) => element('p', {}, n)));
    root.append(made);
    return made;
  }
  /** Columns are [title, isNumber]; a cell is text or {text, attributes}. */
  function table(parent, columns, rows) {
    const head = element('tr', {}, ...columns.map(([title, number]) => element('th', number ? { class: 'number' } : {}, title)));
    const body = rows.map((cells) => element('tr', {}, ...cells.map((cell, i) => {
      const { text, attributes } = cell !== null && typeof cell === 'object' ? cell : { text: cell, attributes: {} };
      return element('td', { ...(columns[i][1] ? { class: 'number' } : {}), ...attributes }, String(text));
    })));
    parent.append(element('div', { class: 'scroll' }, element('table', {}, element('thead', {}, head), element('tbody', {}, ...body))));
  }
  function choice(parent, label, options, changed) {
    const select = element('select', { 'aria-label': label }, ...options.map(([value, text]) => element('option', { value }, text)));
    select.addEventListener('change', () => changed(select.value));
    parent.append(element('div', { class: 'controls' }, element('label', {}, `${label} `, select)));
  }

  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  function theme(option) {
    const axis = (a) => ({
      nameLocation: 'middle', nameGap: 30, ...a,
      axisLine: { lineStyle: { color: colour('--soft') } },
      splitLine: { lineStyle: { color: colour('--line') } },
      axisLabel: { color: colour('--soft'), hideOverlap: true, ...a.axisLabel },
      nameTextStyle: { color: colour('--soft') },
    });
    return {
      animation: false,
      textStyle: { color: colour('--ink') },
      color: ['#0b84d8', '#e07b26', '#2e9e5b', '#b74fb0', '#d2493f', '#8a7a2f', '#4f62c9', '#6b7785'],
      legend: { type: 'scroll', textStyle: { color: colour('--ink') }, ...option.legend },
      ...option,
      grid: { left: 34, right: 24, top: 56, bottom: 34, containLabel: true },
      tooltip: {
        confine: true, backgroundColor: colour('--panel'), borderColor: colour('--line'),
        textStyle: { color: colour('--ink') }, extraCssText: 'max-width: 22rem; white-space: normal;', ...option.tooltip,
      },
      xAxis: axis(option.xAxis),
      yAxis: axis(option.yAxis),
    };
  }
  /** A chart that `option()` describes anew whenever it has to be drawn. */
  function chart(parent, name, label, option) {
    const host = element('div', { class: 'chart', id: `chart-${name}`, role: 'img', 'aria-label': label });
    parent.append(host);
    const made = echarts.init(host, null, { renderer: 'canvas' });
    report.charts[name] = made;
    const draw = () => made.setOption(theme(option()), true);
    redraws.push(draw);
    draw();
    new ResizeObserver(() => made.resize()).observe(host);
    return { made, draw };
  }
  const narrow = () => window.innerWidth < 600;
  const lines = (...parts) => parts.filter(Boolean).map(html).join('<br>');

  // --- an estimate

  const FIGURES = ['latency', 'latency_per_sequence', 'throughput', 'token_throughput', 'energy', 'energy_per_sequence',
    'average_power', 'peak_power', 'energy_delay_product', 'memory', 'startup'];

  function figuresTable(parent, estimate) {
    table(parent, [['figure'], ['value', true], [estimate.coverage ? `${percent(estimate.coverage, 0)} interval` : 'interval', true], ['rests on']],
      FIGURES.map((key) => {
        const f = estimate[key];
        return [words(key), { text: si(f.value, f.unit), attributes: { 'data-figure': key, 'data-value': String(f.value) } },
          interval(f), [f.origin, f.reason].filter(Boolean).join(': ')];
      }));
  }

  function assumed(a) {
    const p = a.precision;
    return [`${a.task}, batch ${a.batch}, length ${a.length}`, a.new_tokens ? `${a.new_tokens} new tokens` : '',
      p.weights === p.compute ? p.compute : `${p.compute}, weights ${p.weights}`, `fusion ${a.fusion}`, si(a.clock.value, 'Hz'),
      a.power_mode || '', ...a.overrides.map((o) => `${o.key} = ${o.value}`)].filter(Boolean).join(', ');
  }

  /** Columns of words back to words. */
  const spread = (column) => column.rows.map((i) => column.words[i]);

  function operatorsOf(columns) {
    const text = {};
    for (const key of ['phase', 'label', 'kind', 'bound', 'shape']) text[key] = spread(columns[key]);
    const total = columns.duration_s.reduce((sum, t, i) => sum + t * columns.repeats[i], 0);
    return columns.duration_s.map((duration, i) => ({
      index: i, phase: text.phase[i], label: text.label[i], kind: text.kind[i], bound: text.bound[i], shape: text.shape[i],
      repeats: columns.repeats[i], layer: columns.layer[i], start: columns.start_s[i], duration,
      dispatch: columns.dispatch_s[i], energy: columns.energy_J[i], flops: columns.flops_FLOP[i], bytes: columns.bytes_B[i],
      dram: columns.dram_B[i], live: columns.live_B[i], share: (duration * columns.repeats[i]) / total,
    }));
  }
  const place = (o) => [o.phase, o.layer < 0 ? '' : `layer ${o.layer}`].filter(Boolean).join(', ');

  function describeOperator(o) {
    return lines(`${o.label} (${o.kind}) · ${place(o)}`, o.shape, `limited by ${o.bound}`,
      `${si(o.duration, 's')}, ${percent(o.share, 2)} of all operators${o.repeats > 1 ? `, ${o.repeats} times` : ''}`,
      `${si(o.flops, 'FLOP')} on ${si(o.bytes, 'B')}; ${si(o.dram, 'B')} from the outermost memory`,
      o.flops ? `${si(o.flops / o.duration, 'FLOP/s')}` : '', o.energy === null ? '' : `${si(o.energy, 'J')} dynamic`);
  }

  function roofline(operators) {
    const launched = operators.filter((o) => o.duration > 0);
    const views = operators.length - launched.length;
    const s = section('Roofline', `Every operator that runs: ${launched.length}. ${views ? `${views} views only change shapes and are left out. ` : ''}`
      + 'Operators without arithmetic lie on the lower edge, without bytes (fused into others) on the right one. Click one for its figures.');
    let operational = false;
    const bytesOf = (o) => (operational ? o.dram : o.bytes);
    const frame = () => {
      const real = launched.filter((o) => o.flops > 0 && bytesOf(o) > 0);
      const xs = real.map((o) => o.flops / bytesOf(o));
      const ys = real.map((o) => o.flops / o.duration);
      const { compute, memory } = details.roofs;
      const peak = compute[0].FLOP_per_s;
      const bandwidth = memory[memory.length - 1].B_per_s;
      const left = 10 ** Math.floor(Math.log10(Math.min(...xs, peak / bandwidth) / 2));
      const right = 10 ** Math.ceil(Math.log10(Math.max(...xs, peak / bandwidth) * 2));
      const floor = 10 ** Math.floor(Math.log10(Math.min(...ys, bandwidth * left)));
      return { left, right, floor, peak };
    };
    const option = () => {
      const { left, right, floor, peak } = frame();
      const { compute, memory } = details.roofs;
      const point = (o) => {
        const x = bytesOf(o) > 0 ? Math.max(left, o.flops / bytesOf(o)) : o.flops > 0 ? right : left;
        return { value: [x, Math.max(floor, o.flops / o.duration), o.index] };
      };
      const bounds = [...new Set(launched.map((o) => o.bound))];
      const roof = (name, data, type) => ({ name, type: 'line', data, symbol: 'none', silent: true, tooltip: { show: false },
        lineStyle: { width: 1.5, type, color: colour('--soft') }, itemStyle: { color: colour('--soft') } });
      const slopes = memory.map((m, i) => roof(m.name, [[left, m.B_per_s * left], [Math.min(right, peak / m.B_per_s), Math.min(peak, m.B_per_s * right)]],
        i + 1 === memory.length ? 'solid' : 'dotted'));
      const peaks = compute.map((c, i) => roof(`${c.name} peak`, [[left, c.FLOP_per_s], [right, c.FLOP_per_s]], i ? 'dashed' : 'solid'));
      return {
        tooltip: { trigger: 'item', formatter: (p) => (p.seriesType === 'scatter' ? describeOperator(operators[p.value[2]]) : html(p.seriesName)) },
        xAxis: { type: 'log', min: left, max: right, name: `${operational ? 'operational' : 'arithmetic'} intensity in FLOP/B` },
        yAxis: { type: 'log', min: floor, name: 'performance in FLOP/s', nameGap: 60, axisLabel: { formatter: count } },
        series: [...bounds.map((bound) => ({ name: `limited by ${bound}`, type: 'scatter', symbolSize: launched.length > 2000 ? 5 : 9,
          itemStyle: { opacity: 0.75 }, data: launched.filter((o) => o.bound === bound).map(point) })), ...slopes, ...peaks],
      };
    };
    choice(s, 'Bytes', [['arithmetic', 'that an operator must touch'], ['operational', 'that reach the outermost memory']], (value) => {
      operational = value === 'operational';
      drawn.draw();
    });
    const drawn = chart(s, 'roofline', 'Roofline of all operators', option);
    const detail = element('div', { class: 'detail', id: 'operator' });
    s.append(detail);
    drawn.made.on('click', (event) => {
      if (event.seriesType === 'scatter') detail.innerHTML = describeOperator(operators[event.value[2]]);
    });
  }

  function byLayer(operators) {
    const s = section('Time and energy by layer and kind');
    let energy = false;
    const kinds = [...new Set(operators.filter((o) => o.duration > 0).map((o) => o.kind))];
    const layers = [...new Set(operators.map((o) => place(o)))];
    const option = () => ({
      tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' },
        formatter: (points) => lines(points[0].axisValue, ...points.filter((p) => p.value > 0).map((p) => `${p.seriesName}: ${si(p.value, energy ? 'J' : 's')}`)) },
      xAxis: { type: 'category', data: layers, axisLabel: { interval: 'auto', rotate: layers.length > 8 ? 45 : 0 } },
      yAxis: { type: 'value', name: energy ? 'dynamic energy in J' : 'time in s', nameGap: 52 },
      series: kinds.map((kind) => {
        const sums = new Map(layers.map((l) => [l, 0]));
        for (const o of operators)
          if (o.kind === kind) sums.set(place(o), sums.get(place(o)) + o.repeats * ((energy ? o.energy : o.duration) || 0));
        return { name: kind, type: 'bar', stack: 'all', data: layers.map((l) => Number(sums.get(l).toPrecision(6))) };
      }),
    });
    const known = operators.some((o) => o.energy !== null);
    choice(s, 'Show', [['time', 'time'], ...(known ? [['energy', 'dynamic energy']] : [])], (value) => {
      energy = value === 'energy';
      drawn.draw();
    });
    const drawn = chart(s, 'layers', 'Time and energy by layer and kind of operator', option);
  }

  /** Where the window begins whose mean power is highest, the trace repeating: one end of it meets a boundary. */
  function peakWindow(durations, watts, window) {
    const ends = [0];
    const joules = [0];
    durations.forEach((t, i) => { ends.push(ends[i] + t); joules.push(joules[i] + t * watts[i]); });
    const length = ends[ends.length - 1];
    const total = joules[joules.length - 1];
    const upTo = (time) => {
      const laps = Math.floor(time / length);
      const rest = time - laps * length;
      let low = 0, high = ends.length - 1;
      while (high - low > 1) { const mid = (low + high) >> 1; if (ends[mid] <= rest) low = mid; else high = mid; }
      return laps * total + joules[low] + (rest - ends[low]) * watts[Math.min(low, watts.length - 1)];
    };
    if (window <= 0) { const i = watts.indexOf(Math.max(...watts)); return { start: ends[i], end: ends[i + 1], power: watts[i] }; }
    let best = { power: -Infinity };
    for (const boundary of ends)
      for (const start of [boundary, boundary - window]) {
        const from = ((start % length) + length) % length;
        const power = (upTo(from + window) - upTo(from)) / window;
        if (power > best.power) best = { start: from, end: from + window, power };
      }
    return best;
  }

  function powerTrace() {
    const s = section('Power over time');
    if (!details.power) { s.append(element('p', {}, doc.energy.reason || 'no basis')); return; }
    const { duration_s: durations, power_W: watts, window_s: window } = details.power;
    const peak = peakWindow(durations, watts, window);
    report.peakWindow = peak;
    s.append(element('p', {}, `${doc.assumptions.sensor || 'no sensor is described'}: ${window > 0 ? `mean over ${si(window, 's')}` : 'instantaneous'}; `
      + `peak ${si(doc.peak_power.value, 'W')}, mean ${si(doc.average_power.value, 'W')}. The band is the window with the highest mean of the simulated trace.`));
    const data = [];
    let time = 0;
    durations.forEach((t, i) => { data.push([time, watts[i]]); time += t; });
    if (data.length) data.push([time, watts[watts.length - 1]]);
    chart(s, 'power', 'Power over time', () => ({
      tooltip: { trigger: 'axis', formatter: (p) => lines(si(p[0].value[0], 's'), si(p[0].value[1], 'W')) },
      legend: { show: false },
      xAxis: { type: 'value', max: time, name: 'time in s' },
      yAxis: { type: 'value', min: 0, name: 'power in W' },
      series: [{ name: 'power', type: 'line', step: 'end', symbol: 'none', sampling: 'lttb', lineStyle: { width: 1 }, areaStyle: { opacity: 0.15 }, data,
        markLine: { symbol: 'none', lineStyle: { color: '#d2493f' }, label: { formatter: (p) => p.name, color: colour('--ink'), position: 'insideEndTop' },
          data: [{ name: `peak ${si(doc.peak_power.value, 'W')}`, yAxis: doc.peak_power.value }] },
        markArea: { itemStyle: { color: 'rgba(210, 73, 63, 0.18)' }, data: [[{ xAxis: peak.start }, { xAxis: Math.min(peak.end, time) }]] } }],
    }));
  }

  function memory(operators) {
    const parts = doc.memory.parts;
    const kept = ['weights', 'cache', 'optimiser_state'].filter((key) => parts[key].value > 0);
    const s = section('Memory by liveness', `Peak ${si(doc.memory.value, 'B')} of ${si(doc.memory.capacity.value, 'B')}. A result lives from its operator to its last reader; `
      + `${kept.map((key) => `${words(key)} (${si(parts[key].value, 'B')})`).join(', ')} stay.`);
    let all = false;
    choice(s, 'Memory', [['activations', 'activations alone'], ['all', 'with what stays']], (value) => {
      all = value === 'all';
      drawn.draw();
    });
    const drawn = chart(s, 'memory', 'Live memory along the program', () => ({
      tooltip: { trigger: 'axis', formatter: (p) => lines(`${operators[p[0].dataIndex].label} · ${place(operators[p[0].dataIndex])}`, ...p.map((q) => `${q.seriesName}: ${si(q.value, 'B')}`)) },
      xAxis: { type: 'category', name: 'operator in program order', data: operators.map((o) => o.index) },
      yAxis: { type: 'value', name: 'bytes', nameGap: 60, axisLabel: { formatter: (v) => si(v, 'B') } },
      series: [...(all ? kept : []).map((key) => ({ name: words(key), type: 'line', stack: 'all', symbol: 'none', lineStyle: { width: 0 }, areaStyle: { opacity: 0.35 }, data: operators.map(() => parts[key].value) })),
        { name: 'activations', type: 'line', step: 'middle', stack: 'all', symbol: 'none', lineStyle: { width: 1 }, areaStyle: { opacity: 0.6 }, data: operators.map((o) => o.live) }],
    }));
  }

  function elasticities() {
    const list = details.elasticities.slice().reverse();
    const s = section('What the figures answer to', 'Elasticity: −0.4 for latency to a bandwidth means that 1 % more of it makes the model 0.4 % faster.');
    chart(s, 'elasticities', 'Elasticities of latency and energy', () => ({
      tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' }, formatter: (p) => lines(p[0].axisValue, ...p.map((q) => `${q.seriesName}: ${q.value === undefined ? '—' : q.value}`)) },
      xAxis: { type: 'value', name: 'elasticity' },
      yAxis: { type: 'category', data: list.map((e) => e.parameter) },
      series: [{ name: 'latency', type: 'bar', data: list.map((e) => e.latency) }, { name: 'energy', type: 'bar', data: list.map((e) => e.energy) }],
    }));
  }

  function estimatePage() {
    root.append(element('h1', {}, `${doc.model.name} on ${doc.device.title}`));
    const c = doc.assumptions.calibration;
    root.append(element('p', {}, `${count(doc.model.parameters)} parameters; ${si(doc.model.work.flops.value, 'FLOP')} on ${si(doc.model.work.bytes.value, 'B')}. Assumes ${assumed(doc.assumptions)}, ${doc.runtime.title}.`),
      element('p', {}, c ? `Rests on ${c.rows} measured rows of ${c.set}. Operators below are those of the fitted parameters.` : 'Rests on data sheets alone.'),
      ...doc.notes.map((note) => element('p', {}, `Note: ${note}.`)));
    figuresTable(section('Figures'), doc);
    const operators = operatorsOf(details.operators);
    report.operators = operators;
    roofline(operators);
    byLayer(operators);
    powerTrace();
    memory(operators);
    elasticities();
    const s = section('Shares');
    table(s, [['limited by'], ['time', true], ['share', true]], doc.bounds.map((b) => [b.bound, si(b.time.value, 's'), percent(b.share)]));
    table(s, [['kind of operator'], ['time', true], ['share', true]], doc.operator_kinds.map((k) => [k.kind, si(k.time.value, 's'), percent(k.share)]));
    if (doc.gates) table(section('Gates'), [['metric'], ['found', true], ['limit', true], ['']], doc.gates.map((g) => [words(g.metric), si(g.found, g.unit), si(g.limit, g.unit), g.exceeded ? 'exceeded' : 'kept']));
  }

  // --- a comparison

  function comparePage() {
    root.append(element('h1', {}, 'Comparison'));
    const possible = doc.estimates.filter((e) => !e.problem);
    if (possible.length) root.append(element('p', {}, `Assumes ${assumed(possible[0].assumptions)}; what differs is said in the JSON.`));
    const s = section('Figures with their intervals');
    let key = 'latency';
    const name = (e) => `${e.model.name} · ${e.device.name}`;
    const label = (text) => (narrow() ? text.replace(' · ', '\n') : text);
    const option = () => {
      const shown = possible.filter((e) => e[key].value !== null).reverse();
      const unit = shown.length ? shown[0][key].unit : '';
      const bars = [];
      for (const e of shown) if (e[key].low !== null) bars.push([e[key].low, name(e)], [e[key].high, name(e)], ['-', '-']);
      return {
        tooltip: { trigger: 'item', formatter: (p) => { const e = shown.find((x) => name(x) === p.value[1]); return e ? lines(name(e), si(e[key].value, unit), interval(e[key]), e[key].origin) : ''; } },
        legend: { show: false },
        xAxis: { type: 'log', name: words(key), axisLabel: { formatter: (v) => si(v, unit) } },
        yAxis: { type: 'category', data: shown.map(name), axisLabel: { formatter: label, lineHeight: 14 } },
        series: [{ name: 'interval', type: 'line', data: bars, symbol: 'none', connectNulls: false, silent: true, lineStyle: { width: 5, opacity: 0.35 }, z: 1 },
          { name: words(key), type: 'scatter', symbolSize: 12, data: shown.map((e) => [e[key].value, name(e)]) }],
      };
    };
    choice(s, 'Figure', ['latency', 'throughput', 'energy', 'average_power', 'peak_power', 'energy_delay_product', 'memory'].map((k) => [k, words(k)]), (value) => { key = value; drawn.draw(); });
    const drawn = chart(s, 'compare', 'Figures of all pairs', option);
    drawn.made.getDom().style.height = `${Math.max(320, 90 + 34 * possible.length)}px`;
    drawn.made.resize();
    const columns = ['latency', 'energy', 'peak_power', 'memory'];
    const spreads = (c) => possible.some((e) => e[c].low !== null);
    const cells = (e, c) => [{ text: si(e[c].value, e[c].unit), attributes: { 'data-figure': c, 'data-value': String(e[c].value) } },
      ...(spreads(c) ? [interval(e[c])] : [])];
    table(section('Table'), [['model'], ['device'], ...columns.flatMap((c) => [[words(c), true], ...(spreads(c) ? [['interval', true]] : [])]), ['rests on']],
      doc.estimates.map((e) => [...[e.model.name, e.device.name].map((text) => ({ text, attributes: { class: 'name' } })),
        ...columns.flatMap((c) => (e.problem ? Array(spreads(c) ? 2 : 1).fill('—') : cells(e, c))), e.problem || e.latency.origin]));
  }

  // --- what was measured

  const METRICS = [['latency_s', 'latency', 's'], ['energy_J', 'energy', 'J'], ['peak_power_W', 'peak power', 'W']];
  const figures = details.rows ? METRICS.filter(([key]) => details.rows[key].measured.some((v) => v !== null)) : [];

  function rowsOf(key) {
    const r = details.rows;
    const f = r[key];
    return r.id.map((id, i) => ({ id, order: r.order[i], fitted: r.fitted[i], measured: f.measured[i], predicted: f.predicted[i], low: f.low[i], high: f.high[i] }))
      .filter((row) => row.measured !== null && row.predicted !== null);
  }
  const rowText = (row, unit) => lines(row.id, `measured ${si(row.measured, unit)}`, `predicted ${si(row.predicted, unit)}`,
    row.low === null ? '' : `interval ${interval({ ...row, unit })}`, `measured ÷ predicted − 1: ${percent(row.measured / row.predicted - 1)}`, row.fitted ? 'the fit saw it' : '');
  const groups = (rows) => [['not fitted', rows.filter((r) => !r.fitted)], ['fitted', rows.filter((r) => r.fitted)]].filter(([, list]) => list.length);

  function measuredCharts(stretches) {
    const s = section('Predicted against measured', 'On the line a prediction is right. Click a row for its figures.');
    let [key, , unit] = figures[0];
    const all = [];
    choice(s, 'Figure', figures.map(([k, text]) => [k, text]), (value) => {
      [key, , unit] = figures.find(([k]) => k === value);
      all.forEach((c) => c.draw());
    });
    const parity = chart(s, 'parity', 'Predicted against measured', () => {
      const rows = rowsOf(key);
      const ends = rows.flatMap((r) => [r.measured, r.predicted]);
      const low = twoDigits(Math.min(...ends) / 1.2, Math.floor), high = twoDigits(Math.max(...ends) * 1.2, Math.ceil);
      const bars = rows.length > 2000 ? [] : rows.filter((r) => r.low !== null).flatMap((r) => [[r.measured, r.low], [r.measured, r.high], ['-', '-']]);
      return {
        tooltip: { trigger: 'item', formatter: (p) => (p.seriesType === 'scatter' ? rowText(p.data.row, unit) : '') },
        xAxis: { type: 'log', min: low, max: high, name: 'measured', axisLabel: { formatter: (v) => si(v, unit) } },
        yAxis: { type: 'log', min: low, max: high, name: 'predicted', nameGap: 66, axisLabel: { formatter: (v) => si(v, unit) } },
        series: [...groups(rows).map(([name, list]) => ({ name, type: 'scatter', symbolSize: rows.length > 2000 ? 4 : 8, itemStyle: { opacity: 0.7 }, data: list.map((row) => ({ value: [row.measured, row.predicted], row })) })),
          { name: 'exact', type: 'line', symbol: 'none', silent: true, lineStyle: { color: colour('--soft'), width: 1 }, itemStyle: { color: colour('--soft') }, data: [[low, low], [high, high]] },
          { name: 'interval', type: 'line', symbol: 'none', silent: true, lineStyle: { color: colour('--soft'), width: 1, opacity: 0.4 }, itemStyle: { color: colour('--soft') }, z: 1, data: bars }],
      };
    });
    const detail = element('div', { class: 'detail', id: 'row' });
    s.append(detail);
    const ordered = details.rows.ordered;
    const t = section(ordered ? 'Residuals along the campaign' : 'Residuals', stretches && stretches.length ? 'Bands are stretches in which the board was not in its usual state.' : '');
    const residual = chart(t, 'residuals', 'Residuals along the campaign', () => ({
      tooltip: { trigger: 'item', formatter: (p) => (p.seriesType === 'scatter' && p.data.row ? rowText(p.data.row, unit) : html(p.name)) },
      xAxis: { type: 'value', name: ordered ? 'place in the campaign' : 'row of the file', min: 'dataMin', max: 'dataMax' },
      yAxis: { type: 'value', name: 'measured ÷ predicted − 1 in %', nameGap: 48 },
      series: groups(rowsOf(key)).map(([name, list], i) => ({ name, type: 'scatter', symbolSize: 6, itemStyle: { opacity: 0.7 },
        data: list.map((row) => ({ value: [row.order, 100 * (row.measured / row.predicted - 1)], row })),
        ...(i || !stretches ? {} : { markArea: { itemStyle: { color: 'rgba(224, 123, 38, 0.18)' }, label: { color: colour('--ink') },
          data: stretches.map((x) => [{ name: `${x.slowdown > 0 ? '+' : ''}${percent(x.slowdown)}`, xAxis: x.first }, { xAxis: x.last }]) } }) })),
    }));
    all.push(parity, residual);
    for (const { made } of all) made.on('click', (event) => { if (event.data && event.data.row) detail.innerHTML = rowText(event.data.row, unit); });
    if (stretches && stretches.length)
      table(t, [['stretch'], ['rows'], ['slowdown', true]], stretches.map((x, i) => [i + 1, `${x.first_id} … ${x.last_id}`, percent(x.slowdown)]));
  }

  function learningCurve() {
    if (!details.learning.length) return;
    const s = section('Learning curve', 'Mean error of latency on the rows that a fit of parameters to so many others had not seen.');
    chart(s, 'learning', 'Error by number of rows fitted', () => ({
      tooltip: { trigger: 'axis', formatter: (p) => lines(`${p[0].axisValue} rows`, `${p[0].value} %`) }, legend: { show: false },
      xAxis: { type: 'category', name: 'rows fitted', data: details.learning.map((p) => String(p.rows)) },
      yAxis: { type: 'value', name: 'error in %', min: 0 },
      series: [{ name: 'error', type: 'line', symbolSize: 8, data: details.learning.map((p) => Number((100 * p.mape).toPrecision(4))) }],
    }));
  }

  function parameters() {
    const list = doc.parameters.filter((p) => p.data_sheet > 0 && p.value > 0).slice().reverse();
    const s = section('Parameters against the data sheet', 'Fitted value ÷ data sheet, with one standard deviation. Hollow: these rows do not say.');
    const drawn = chart(s, 'parameters', 'Fitted parameters against the data sheet', () => ({
      tooltip: { trigger: 'item', formatter: (q) => (q.data && q.data.p ? lines(q.data.p.parameter, `fitted ${si(q.data.p.value, q.data.p.unit)}`, `data sheet ${si(q.data.p.data_sheet, q.data.p.unit)}`, `where the fit began ${si(q.data.p.generic, q.data.p.unit)}`) : '') },
      legend: { show: false },
      xAxis: { type: 'log', name: 'fitted ÷ data sheet' },
      yAxis: { type: 'category', data: list.map((p) => p.parameter), axisLabel: narrow() ? { width: 120, overflow: 'break', fontSize: 10, lineHeight: 11 } : {} },
      series: [{ name: 'deviation', type: 'line', symbol: 'none', silent: true, lineStyle: { width: 3, opacity: 0.4 }, z: 1,
        data: list.flatMap((p) => [[(p.value / p.data_sheet) * Math.exp(-p.log_deviation), p.parameter], [(p.value / p.data_sheet) * Math.exp(p.log_deviation), p.parameter], ['-', '-']]) },
        { name: 'parameters', type: 'scatter', symbolSize: 11, data: list.map((p) => ({ p, value: [p.value / p.data_sheet, p.parameter], itemStyle: p.determined ? { color: colour('--accent') } : { color: colour('--paper'), borderColor: colour('--accent'), borderWidth: 2 } })) }],
    }));
    drawn.made.getDom().style.height = `${Math.max(300, 90 + 26 * list.length)}px`;
    drawn.made.resize();
    table(s, [['parameter'], ['data sheet', true], ['began at', true], ['fitted', true], ['said by these rows']],
      doc.parameters.map((p) => [p.parameter, si(p.data_sheet, p.unit), si(p.generic, p.unit), { text: si(p.value, p.unit), attributes: { 'data-parameter': p.parameter, 'data-value': String(p.value) } }, p.at_bound ? 'at its bound' : p.determined ? 'yes' : 'no']));
  }

  function calibratePage() {
    const c = doc.calibration;
    root.append(element('h1', {}, `Calibration of ${c.device}`),
      element('p', {}, `${c.runtime}, ${c.precision}${c.power_mode ? `, ${c.power_mode}` : ''}, ${c.protocol}; ${c.rows} of ${c.rows_in_set} rows of ${c.set}. ${c.source}`));
    table(section('Held-out errors', 'Mean absolute relative error on rows that the fit had not seen.'), [['figure'], ['data sheet', true], ['parameters', true], ['with residual', true]],
      ['latency', 'energy', 'peak_power'].map((k) => [words(k), ...['datasheet', 'analytic', 'residual'].map((l) => ({ text: percent(doc.held_out_mape[k][l]), attributes: { 'data-error': `${k}.${l}`, 'data-value': String(doc.held_out_mape[k][l]) } }))]));
    if (figures.length) measuredCharts(doc.stretches);
    learningCurve();
    parameters();
    if (doc.worst.length) table(section('Rows that stand out'), [['row'], ['figure'], ['measured ÷ predicted', true]], doc.worst.map((w) => [w.id, words(w.metric), w.measured_over_predicted.toPrecision(3)]));
    if (doc.excluded.length) table(section('Rows that cannot be used'), [['row'], ['reason']], doc.excluded.map((e) => [e.id, e.reason]));
  }

  function validatePage() {
    root.append(element('h1', {}, `Validation on ${doc.set.name}`),
      element('p', {}, `${doc.set.device}, ${doc.set.runtime}, ${doc.set.precision}${doc.set.power_mode ? `, ${doc.set.power_mode}` : ''}, ${doc.set.protocol}; predictor ${doc.predictor}${doc.calibrated_on ? `, fitted to ${doc.calibrated_on} rows` : ''}; ${doc.rows} rows scored. ${doc.set.source}`));
    const keys = ['latency', 'energy', 'peak_power'].filter((k) => doc[k].rows);
    const shares = new Set(['mape', 'median_ape', 'coverage', 'width']);
    const titles = { mape: 'MAPE', median_ape: 'median APE', rmse: 'RMSE', r2: 'R²', spearman: 'Spearman’s ρ', kendall: 'Kendall’s τ' };
    table(section('Scores'), [['score'], ...keys.map((k) => [words(k), true])],
      ['rows', 'mape', 'median_ape', 'rmse', 'r2', 'spearman', 'kendall', 'coverage', 'width', 'interval_score', 'constant_score', 'best_constant_score'].map((score) => [titles[score] || words(score), ...keys.map((k) => {
        const v = doc[k][score];
        return { text: v === null ? '—' : shares.has(score) ? percent(v) : score === 'rmse' ? si(v, doc[k].unit) : Number(v.toPrecision(4)), attributes: { 'data-score': `${k}.${score}`, 'data-value': String(v) } };
      })]));
    if (figures.length) measuredCharts(null);
  }

  // --- a search

  const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_';
  const numberOf = (text) => [...text].reduce((sum, digit) => 64 * sum + DIGITS.indexOf(digit), 0);
  const pieces = (text, width) => text.match(new RegExp(`.{${width}}`, 'g')) || [];

  /** A value of a choice in words: "sa_sdp×2 c_5" of a multiset, "1024-512" of a sequence. */
  function choiceText(column, number) {
    const word = column.words[number];
    if (!column.of) return word;
    const members = pieces(word, column.member_width).map((digits) => column.of[numberOf(digits)]);
    if (column.kind === 'sequence') return members.join('-');
    return [...new Set(members)].map((m) => { const n = members.filter((x) => x === m).length; return n > 1 ? `${m}×${n}` : m; }).join(' ');
  }

  /** What a design is: [{name, group, layer, text}], without what it does not use. */
  function choicesOf(index) {
    const { genes, columns, designs } = details.choices;
    let at = 0;
    return genes.map((gene) => {
      const column = columns[gene.column];
      const digits = designs[index].slice(at, at + column.width);
      at += column.width;
      return digits[0] === '.' ? null : { ...gene, text: choiceText(column, numberOf(digits)) };
    }).filter(Boolean);
  }

  function searchPage() {
    const d = details.designs;
    const total = d.deployment.length;
    const where = (i) => doc.deployments[d.deployment[i]];
    const place = (i) => { const w = where(i); return [w.device, w.clock === 'nominal' ? '' : w.clock, w.precision, w.batch === 1 ? '' : `batch ${w.batch}`].filter(Boolean).join(', '); };
    const derived = (f) => d.latency_s.map((t, i) => (t === null || d.energy_J[i] === null ? null : f(d.energy_J[i], t)));
    const axes = [['latency', 's', d.latency_s], ['energy', 'J', d.energy_J], ['average power', 'W', derived((e, t) => e / t)], ['peak power', 'W', d.peak_power_W],
      ['energy-delay product', 'J·s', derived((e, t) => e * t)], ['memory', 'B', d.memory_B], ['parameters', '1', d.parameters],
      ...(d.accuracy ? [[doc.accuracy_source.predicted ? 'predicted accuracy' : 'accuracy', '1', d.accuracy]] : []), ...d.sums.map((s) => [s.name, '1', s.values])]
      .map(([name, unit, values]) => ({ name, unit, values })).filter((axis) => axis.values.some((v) => v !== null));
    const big = (axis, v) => (axis.name === 'parameters' ? count(v) : si(v, axis.unit));
    const axisOf = (name) => axes.find((axis) => axis.name === name);
    report.axes = axes;
    report.choicesOf = choicesOf;

    root.append(element('h1', {}, `Search of ${doc.space}`),
      element('p', {}, `Minimises ${doc.objectives.map((o) => o.name).join(', ')}${doc.constraints.length ? `; ${doc.constraints.join('; ')}` : ''}${doc.robust ? '; of the upper ends of intervals' : ''}. `
        + `${count(doc.evaluations)} designs by ${doc.optimiser.name} with seed ${doc.optimiser.seed}${doc.interrupted ? '; interrupted' : ''}; ${total} on the front.`),
      ...doc.notes.map((note) => element('p', {}, `Note: ${note}.`)));

    // The front.
    const s = section('Front', 'Drag a rectangle over designs to keep only what lies inside, on as many pairs of axes as you like. Click a design to see what it is. The diamond is the knee, the most balanced trade.');
    const kept = new Map();  // name of an axis -> [low, high]
    const inside = (i) => [...kept].every(([name, [low, high]]) => { const v = axisOf(name).values[i]; return v !== null && v >= low && v <= high; });
    const first = (name) => (axisOf(name) ? name : axes[0].name);
    const wanted = doc.objectives.map((o) => ({ capacity: 'parameters', peak_power: 'peak power', edp: 'energy-delay product', average_power: 'average power' }[o.name] || o.name)).filter(axisOf);
    let x = wanted[0] || first('latency'), y = wanted.find((name) => name !== x) || first('energy');
    let selected = null;
    const options = axes.map((axis) => [axis.name, axis.name]);
    const controls = element('div', { class: 'controls' });
    const select = (label, value, changed) => {
      const made = element('select', { 'aria-label': label }, ...options.map(([v, text]) => element('option', v === value ? { value: v, selected: '' } : { value: v }, text)));
      made.addEventListener('change', () => { changed(made.value); refresh(); });
      controls.append(element('label', {}, `${label} `, made));
    };
    select('Across', x, (value) => { x = value; });
    select('Up', y, (value) => { y = value; });
    const number = element('input', { type: 'number', min: 1, max: total, 'aria-label': 'Design' });
    number.addEventListener('change', () => { const i = Number(number.value) - 1; if (i >= 0 && i < total) choose(i); });
    controls.append(element('label', {}, 'Design ', number));
    s.append(controls);

    const devices = [...new Set(doc.deployments.map((w) => w.device))];
    const scale = (axis) => (axis.values.every((v) => v === null || v > 0) && !axis.name.endsWith('accuracy') ? 'log' : 'value');
    const option = () => {
      const [across, up] = [axisOf(x), axisOf(y)];
      const shown = (i) => across.values[i] !== null && up.values[i] !== null;
      const mark = (i) => ({ value: [across.values[i], up.values[i], i] });
      const all = across.values.map((_, i) => i).filter(shown);
      const axis = (a, more) => ({ type: scale(a), scale: true, name: a.name, axisLabel: { formatter: (v) => big(a, v) }, ...more,
        ...(scale(a) === 'log' ? { min: ({ min }) => twoDigits(min * 0.98, Math.floor), max: ({ max }) => twoDigits(max * 1.02, Math.ceil) } : {}) });
      const special = (name, list, symbol, size, color) => ({ name, type: 'scatter', symbol, symbolSize: size, z: 4, data: list.filter(shown).map(mark),
        itemStyle: { color: 'transparent', borderColor: color, borderWidth: 2 } });
      const outside = kept.size ? all.filter((i) => !inside(i)) : [];
      return {
        tooltip: { trigger: 'item', formatter: (p) => describe(p.value[2]) },
        xAxis: axis(across), yAxis: axis(up, { nameGap: 66 }),
        series: [...devices.map((device) => ({ name: device, type: 'scatter', symbolSize: total > 2000 ? 5 : 8, itemStyle: { opacity: 0.75 },
          data: all.filter((i) => where(i).device === device && (!kept.size || inside(i))).map(mark) })).filter((one) => one.data.length),
          ...(outside.length ? [{ name: 'outside', type: 'scatter', symbolSize: 4, z: 1, itemStyle: { opacity: 0.15, color: colour('--soft') }, data: outside.map(mark) }] : []),
          special('knee', [doc.knee - 1], 'diamond', 18, '#d2493f'), ...(selected === null ? [] : [special('chosen', [selected], 'circle', 18, colour('--ink'))])],
      };
    };
    const describe = (i) => lines(`design ${i + 1}: ${place(i)}`, ...axes.map((axis) => `${axis.name} ${big(axis, axis.values[i])}`));
    const { made, draw } = chart(s, 'front', 'The front', option);
    const chips = element('div', { class: 'controls', id: 'constraints' });
    const told = element('p', { id: 'kept' });
    const detail = element('div', { class: 'detail', id: 'design' });
    s.append(chips, told, detail);

    function refresh() {
      draw();
      const left = axes[0].values.map((_, i) => i).filter(inside);
      report.kept = left;
      chips.replaceChildren(...[...kept].map(([name, [low, high]]) => {
        const chip = element('button', { type: 'button', 'data-constraint': name }, `${name} ${big(axisOf(name), low)} – ${big(axisOf(name), high)} ×`);
        chip.addEventListener('click', () => { kept.delete(name); refresh(); });
        return chip;
      }));
      told.textContent = kept.size ? `${left.length} of ${total} designs are inside.` : '';
    }

    function choose(i) {
      selected = i;
      draw();
      const w = doc.deployments[d.deployment[i]];
      const basis = details.basis[d.deployment[i]];
      detail.replaceChildren(element('h2', {}, `Design ${i + 1}${i + 1 === doc.knee ? ', the knee' : ''}: ${place(i)}`), element('p', {}, `Rests on ${w.rests_on}.`));
      table(detail, [['figure'], ['value', true], ['interval', true], ['rests on']], axes.map((axis) => {
        const value = axis.values[i];
        const { origin, factors } = basis[axis.name.replace(' ', '_')] || { origin: '', factors: null };
        return [axis.name, { text: big(axis, value), attributes: { 'data-figure': axis.name, 'data-value': String(value) } },
          factors && value !== null ? interval({ low: value * factors[0], high: value * factors[1], unit: axis.unit }) : '—', value === null ? 'no basis' : origin];
      }));
      const choices = choicesOf(i);
      const own = choices.filter((c) => c.group === null);
      if (own.length) table(detail, [['choice'], ['value']], own.map((c) => [words(c.name), c.text]));
      for (const group of new Set(choices.filter((c) => c.group).map((c) => c.group))) {
        const of = choices.filter((c) => c.group === group);
        const names = [...new Set(of.map((c) => c.name))];
        const layers = [...new Set(of.map((c) => c.layer))];
        table(detail, [[words(group), true], ...names.map((n) => [words(n)])], layers.map((l) => [l + 1, ...names.map((n) => (of.find((c) => c.layer === l && c.name === n) || { text: '—' }).text)]));
      }
    }

    made.on('click', (event) => { if (event.seriesType === 'scatter') choose(event.value[2]); });
    // A rectangle: constraints on both axes.
    const frame = element('div', { class: 'brush' });
    made.getDom().append(frame);
    let from = null;
    const at = (event) => [event.offsetX, event.offsetY];
    const box = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])];
    const zr = made.getZr();
    zr.on('mousedown', (event) => { from = made.containPixel('grid', at(event)) ? at(event) : null; });
    zr.on('mousemove', (event) => {
      if (!from) return;
      const [left, top, width, height] = box(from, at(event));
      Object.assign(frame.style, { display: 'block', left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    });
    const finish = (event) => {
      frame.style.display = 'none';
      const began = from;
      from = null;
      if (!began || !event) return;
      const [left, top, width, height] = box(began, at(event));
      if (width < 5 || height < 5) return;
      const [x0, y0] = made.convertFromPixel('grid', [left, top + height]);
      const [x1, y1] = made.convertFromPixel('grid', [left + width, top]);
      kept.set(x, [x0, x1]);
      kept.set(y, [y0, y1]);
      refresh();
    };
    zr.on('mouseup', finish);
    zr.on('globalout', () => finish(null));

    // How the front grew.
    if (details.convergence.length > 1) {
      const c = section('Convergence', 'Hypervolume is that of the natural logarithms of the objectives, from the worst of drawn designs; the best of an objective is as it is minimised.');
      const series = [...(details.convergence.some((p) => p.hypervolume !== null) ? [['hypervolume', (p) => p.hypervolume]] : []),
        ...doc.objectives.map((o, m) => [`best ${o.name}`, (p) => p.best[m]]), ['designs on the front', (p) => p.designs]];
      let curve = series[0];
      choice(c, 'Curve', series.map(([name]) => [name, name]), (value) => { curve = series.find(([name]) => name === value); drawn.draw(); });
      const drawn = chart(c, 'convergence', 'How the front grew', () => ({
        tooltip: { trigger: 'axis', formatter: (p) => lines(`${count(p[0].value[0])} designs`, `${curve[0]} ${Number(p[0].value[1].toPrecision(5))}`) }, legend: { show: false },
        xAxis: { type: 'log', name: 'designs evaluated', min: 'dataMin', max: 'dataMax', axisLabel: { formatter: count } },
        yAxis: { type: 'value', scale: true, name: curve[0], nameGap: 66 },
        series: [{ name: curve[0], type: 'line', symbolSize: 5, data: details.convergence.map((p) => [p.evaluations, curve[1](p)]).filter(([, v]) => v !== null) }],
      }));
    }

    table(section('Best of each device'), [['device'], ['designs', true], ['knee', true], ...doc.objectives.map((o) => [`best ${o.name}`, true])],
      doc.devices.map((one) => [one.device, one.designs, one.knee === null ? '—' : `#${one.knee}`, ...doc.objectives.map((_, m) => (one.best.length ? `#${one.best[m]}` : '—'))]));
    if (doc.excluded.length) table(section('Left out'), [['device'], ['reason']], doc.excluded.map((e) => [e.device, e.reason]));
    refresh();
    report.choose = choose;
  }

  const pages = { estimate: estimatePage, compare: comparePage, calibrate: calibratePage, validate: validatePage, search: searchPage };
  pages[doc.schema.replace(/^ridgeline\./, '').replace(/\/.*$/, '')]();
  root.append(element('p', {}, `Ridgeline ${doc.version}; ${doc.schema}. Charts: Apache ECharts, Apache License 2.0.`));
  dark.addEventListener('change', () => redraws.forEach((draw) => draw()));
  const resize = () => Object.values(report.charts).forEach((c) => c.resize());
  window.addEventListener('beforeprint', resize);
  window.addEventListener('afterprint', resize);
  report.peakWindowOf = peakWindow;
  window.ridgelineReport = report;
})();
