/* The model `presupuesto-social`, version 1, live in the page. The page is complete without it: the form's button asks the server.

   `compute` is the twin of `simulators/rules/budget.py` and `outputs.py`: the same operations in the same order, so the same bits;
   a test runs both. What it reads: data-inputs of #simulator (every input of the scenario), and the controls whose name is an input.
   What it writes: the text of [data-output], the bars of [data-bars], the state of [data-goal]. */

const BENEFITS = ['ninez_universal', 'ninez_focalizada', 'maternidad', 'discapacidad', 'vejez'];
const TRANCHES = 6;
const STEPS = 10;

/* ---- the formulas ---- */

function power(base, exponent) {
  let result = 1;
  for (let turn = 0; turn < Math.abs(exponent); turn += 1) result *= base;
  return exponent >= 0 ? result : 1 / result;
}

const has = (value) => value !== undefined && value !== null;
const quotient = (value, divisor) => (divisor > 0 ? value / divisor : null);

function gdpOf(inputs, year) {
  const growth = (1 + inputs['macro.crec_real']) * (1 + inputs['macro.deflactor']);
  return inputs['macro.pib_base'] * power(growth, year - inputs['macro.anio_base']);
}

function lineOf(inputs, year) {
  return inputs['macro.linea_base'] * power(1 + inputs['macro.inflacion'], year - inputs['macro.anio_linea']);
}

function tranchesOf(inputs, key) {
  const found = [];
  for (let number = 1; number <= TRANCHES; number += 1) {
    const base = key + '.tramos.' + number + '.';
    if (has(inputs[base + 'poblacion'])) {
      found.push({ people: inputs[base + 'poblacion'], factor: inputs[base + 'factor_linea'], amount: inputs[base + 'monto'] });
    }
  }
  return found;
}

const monthlyOf = (tranche, line) => (has(tranche.amount) ? tranche.amount : (tranche.factor || 0) * line);

function costOf(inputs, key, tranches, line, growth) {
  let total = 0;
  for (const tranche of tranches) {
    const people = tranche.people * growth * inputs[key + '.elegible'] * inputs[key + '.captacion'];
    total += people * monthlyOf(tranche, line) * inputs[key + '.meses'];
  }
  return total * (1 + inputs[key + '.admin']);
}

function ofSpending(inputs, share) {
  const spending = inputs['macro.gasto_publico_pct_pib'];
  return has(spending) ? share / spending * 100 : null;
}

function benefit(inputs, key, gdp, line, outputs) {
  const own = (name) => inputs[key + '.' + name];
  const tranches = tranchesOf(inputs, key);
  const cost = costOf(inputs, key, tranches, line, 1);
  const share = 100 * cost / gdp;
  let people = 0;
  let paid = 0;
  for (const tranche of tranches) {
    people += tranche.people;
    paid += tranche.people * monthlyOf(tranche, line);
  }
  const monthly = people > 0 ? paid / people : null;
  const money = own('objetivo_pct') / 100 * gdp;
  const base = 1 + own('admin');
  Object.entries({
    costo: cost,
    pct_pib: share,
    pct_gasto_publico: ofSpending(inputs, share),
    beneficiarios: people * own('elegible') * own('captacion'),
    poblacion: people,
    cobertura: 100 * own('elegible') * own('captacion'),
    mensual: monthly,
    suficiencia: monthly === null ? null : 100 * monthly / line,
    'inverso.elegible': quotient(money, base * own('captacion') * own('meses') * paid),
    'inverso.captacion': quotient(money, base * own('elegible') * own('meses') * paid),
    'inverso.meses': quotient(money, base * own('elegible') * own('captacion') * paid),
    'inverso.monto': quotient(money, base * own('elegible') * own('captacion') * own('meses') * people),
  }).forEach(([name, value]) => { outputs[key + '.' + name] = value; });
}

function rollout(inputs, key, outputs) {
  const tranches = tranchesOf(inputs, key);
  for (let number = 1; number <= STEPS; number += 1) {
    const step = inputs['despliegue.pasos.' + number];
    if (!has(step)) return;
    const year = inputs['despliegue.anio_inicio'] + number - 1;
    const growth = power(1 + inputs['despliegue.crec_poblacion'], year - inputs['macro.anio_meta']);
    const cost = step * costOf(inputs, key, tranches, lineOf(inputs, year), growth);
    let people = 0;
    for (const tranche of tranches) people += tranche.people * growth * inputs[key + '.elegible'] * inputs[key + '.captacion'];
    const name = 'trayectoria_' + key + '.' + year + '.';
    outputs[name + 'despliegue'] = step;
    outputs[name + 'beneficiarios'] = step * people;
    outputs[name + 'costo'] = cost;
    outputs[name + 'pct_pib'] = 100 * cost / gdpOf(inputs, year);
  }
}

function reserve(inputs, outputs) {
  const own = (name) => inputs['reserva.' + name];
  let left = own('reserva_0');
  let exhausted = null;
  for (let t = 1; t <= own('anios'); t += 1) {
    const income = own('ingreso_0') * power(1 + own('g_ingreso'), t);
    const spending = own('gasto_0') * power(1 + own('g_gasto'), t);
    left = left * (1 + own('interes')) + (income - spending) * (1 + own('interes') / 2);
    if (exhausted === null && left < 0) exhausted = t;
    outputs['reserva.filas.' + t + '.ingreso'] = income;
    outputs['reserva.filas.' + t + '.gasto'] = spending;
    outputs['reserva.filas.' + t + '.reserva'] = left;
  }
  outputs['reserva.anio_de_agotamiento'] = exhausted;
}

export function compute(inputs) {
  const outputs = {};
  const gdp = gdpOf(inputs, inputs['macro.anio_meta']);
  const line = lineOf(inputs, inputs['macro.anio_meta']);
  outputs['macro.pib_meta'] = gdp;
  outputs['macro.linea_meta'] = line;
  let cost = 0;
  let share = 0;
  for (const key of BENEFITS) {
    benefit(inputs, key, gdp, line, outputs);
    rollout(inputs, key, outputs);
    if (inputs[key + '.incluida']) {
      cost += outputs[key + '.costo'];
      share += outputs[key + '.pct_pib'];
    }
  }
  outputs['total.costo'] = cost;
  outputs['total.pct_pib'] = share;
  outputs['total.pct_gasto_publico'] = ofSpending(inputs, share);
  reserve(inputs, outputs);
  return outputs;
}

/* ---- numbers as people read and write them: `kernel.i18n.number` and `simulators.rules.scenario` ---- */

/* Halves go up, counted in decimals as written: 1.005 with two of them is 1.01. At most six digits. */
export function shown(value, digits, language) {
  const magnitude = Math.abs(value);
  const [before, after = ''] = magnitude < 1e-6 ? ['0'] : magnitude >= 1e21 ? [String(BigInt(magnitude))] : String(magnitude).split('.');
  const kept = BigInt(before + after.slice(0, digits).padEnd(digits, '0')) + (after[digits] >= '5' ? 1n : 0n);
  const written = String(kept).padStart(digits + 1, '0');
  const whole = written.slice(0, written.length - digits);
  const part = written.slice(written.length - digits);
  const spanish = language === 'es';
  const grouped = spanish && whole.length < 5 ? whole : whole.replace(/\B(?=(\d{3})+$)/g, spanish ? '\u00a0' : ',');
  return (value < 0 && kept ? '-' : '') + grouped + (part ? (spanish ? ',' : '.') + part : '');
}

/* Null where it is no number or can be read in two ways: then the server decides, when the button is pressed. */
export function typed(text, scale, language) {
  const words = text.replace(/[\s\u00a0\u202f]/g, '').replace(/\u2212/g, '-').replace(/%$/, '');
  if (!/^-?\d+([.,]\d+)?$/.test(words)) return null;
  const group = language === 'en' ? ',' : '.';
  if (words.includes(group) && /^-?[1-9]\d{0,2}[.,]\d{3}$/.test(words)) return null;
  return Number(words.replace(',', '.') + 'e' + scale);
}

/* ---- the page ---- */

const page = typeof document === 'undefined' ? null : document.getElementById('simulator');
const language = page ? document.documentElement.lang : 'es';

/* A slider stands on hundredths: one that stands where its value put it means that value, with all its decimals. */
function text(control) {
  if (control.type !== 'range') return control.value;
  const drawn = control.cloneNode();
  drawn.value = control.defaultValue;
  return drawn.value === control.value ? control.defaultValue : control.value;
}

function read(inputs, control) {
  if (control.type === 'checkbox') {
    inputs[control.name] = control.checked ? 1 : 0;
    return true;
  }
  if (control.value.trim() === '' && control.dataset.optional !== undefined) {
    delete inputs[control.name];
    return true;
  }
  const value = typed(text(control), Number(control.dataset.scale || 0), control.type === 'range' ? 'en' : language);
  if (value === null || value < Number(control.dataset.low) || value > Number(control.dataset.high)) return false;
  inputs[control.name] = value;
  return true;
}

function scenario() {
  const inputs = JSON.parse(page.dataset.inputs);
  const controls = [...page.querySelectorAll('[data-low], input[type=checkbox][name*="."]')].filter((one) => !one.disabled);
  return controls.every((control) => read(inputs, control)) ? inputs : null;
}

function words(place, value) {
  if (!has(value)) return place.dataset.none || '–';
  const scale = Number(place.dataset.times || 1);
  const digits = Number(place.dataset.digits || 0);
  const above = place.dataset.minus;
  if (above === undefined) return shown(value * scale, digits, language) + (place.dataset.unit || '');
  const difference = shown(value - Number(above), digits, language);
  return /^[0.,]+$/.test(difference) ? difference : difference.replace(/^-|^/, (sign) => (sign ? '\u2212' : '+'));
}

function judge(goal, value) {
  const close = 1e-9 * Math.max(1, Math.abs(value));
  const met = has(value) && !(value < Number(goal.dataset.min) - close) && !(value > Number(goal.dataset.max) + close);
  goal.className = met ? 'ok' : '';
  goal.querySelector('[data-met]').hidden = !met;
  goal.querySelector('[data-unmet]').hidden = met;
}

/* The bars of `macros/charts.html`: as long as 100 for the longest. */
function draw(chart, outputs) {
  const bars = JSON.parse(chart.dataset.bars).map(([output, value]) => ({ output, value: output ? outputs[output] : value }));
  const most = Math.max(...bars.map((bar) => bar.value));
  const rects = chart.querySelectorAll('rect');
  const names = chart.querySelectorAll('span');
  const texts = chart.querySelectorAll('strong');
  let label = chart.dataset.title;
  bars.forEach(({ output, value }, at) => {
    rects[at].setAttribute('width', (most ? value * 100 / most : 0).toFixed(1));
    if (output) texts[at].textContent = shown(value, 2, language) + chart.dataset.unit;
    label += ' ' + names[at].textContent + ': ' + texts[at].textContent + '.';
  });
  chart.querySelectorAll('[aria-label]').forEach((one) => one.setAttribute('aria-label', label));
}

function show(outputs) {
  for (const place of page.querySelectorAll('[data-output]')) {
    place.textContent = words(place, outputs[place.dataset.output]);
  }
  page.querySelectorAll('[data-bars]').forEach((chart) => draw(chart, outputs));
  for (const goal of page.querySelectorAll('[data-goal]')) judge(goal, outputs[goal.dataset.goal]);
}

function update() {
  for (const slider of page.querySelectorAll('input[type=range]')) {
    const place = page.querySelector('output[for="' + slider.id + '"]');
    const percent = text(slider);
    if (place) place.textContent = shown(Number(percent), (percent.split('.')[1] || '').length, language) + place.dataset.unit;
  }
  const inputs = scenario();
  const outputs = inputs && compute(inputs);
  const known = outputs && [...page.querySelectorAll('[data-output]')].every((place) => place.dataset.output in outputs);
  if (known) show(outputs);
  for (const [words, holds] of [
      ['[data-stale]', known],
      ['[data-behind]', !known]
    ]) {
    for (const place of page.querySelectorAll(words)) place.hidden = !holds;
  }
}

/* What a task's form holds is nowhere else until one of its buttons is pressed. */
function guard(form) {
  let typed = false;
  form.addEventListener('input', () => { typed = true; });
  form.addEventListener('submit', () => { typed = false; });
  window.addEventListener('beforeunload', (event) => { if (typed) event.preventDefault(); });
}

if (page) {
  page.addEventListener('input', update);
  page.querySelectorAll('form[method=post]').forEach(guard);
}
