// The page: takes files and text, shows findings in words, and never more than was checked.
const LOOKS = {without_seal: ['warn', '!'], valid: ['ok', '✓'], expired: ['warn', '⌛'], replaced: ['warn', '↷'], revoked: ['bad', '✕'], unknown: ['warn', '?'], altered: ['bad', '✕'], unsealed: ['warn', '!'], made_valid: ['ok', '✓'], made_changed: ['warn', '↷'], made_unknown: ['warn', '?'], unreadable: ['bad', '∅'], unchecked: ['warn', '?']};
const OLD_DAYS = 30;
const field = (id) => document.getElementById(id);
const WORDS = JSON.parse(field('words').textContent);
let trusted = JSON.parse(field('trusted').textContent), lists = [], findings = [], language = (navigator.language || 'es').startsWith('es') ? 'es' : 'en';
const say = (name, facts = {}) => WORDS[language][name].replace(/%\((\w+)\)s/g, (_, fact) => facts[fact]);
const day = (text, timeZone = 'UTC') => new Intl.DateTimeFormat(language === 'es' ? 'es-EC' : 'en-GB', {dateStyle: 'long', timeZone}).format(new Date(text));
const now = () => new Date().toISOString().replace(/\.\d+Z/, 'Z');
function element(name, text, attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  if (text) made.textContent = text;
  return made;
}
const VERDICT_OF_FAULT = {unreadable: 'unreadable', saved_again: 'unreadable', no_ed25519: 'unchecked', without_seal: 'without_seal'};
function verdictOf(finding) {
  if (finding.fault) return {verdict: finding.fault === UNREADABLE && finding.form === 'pdf' ? 'altered' : VERDICT_OF_FAULT[finding.fault] ?? 'altered'};
  if (finding.transcript) {
    const judged = judgeTranscript(finding.transcript, lists, now(), trusted.zone), verdict = {valid: 'made_valid', unknown: 'made_unknown'}[judged.state] ?? 'made_changed';
    return {...judged, made: verdict, verdict: finding.form === 'pdf' && !finding.isSealed ? 'unsealed' : verdict};
  }
  const {state: found, list} = judge(finding.badge, lists, now()), state = found === 'valid' && finding.backdated ? 'unknown' : found;
  return {state, list, verdict: finding.form === 'pdf' && !finding.isSealed ? 'unsealed' : state};
}
const inWords = (name, {badge, transcript}) => say(name, {day: transcript ? day(transcript.asOf, trusted.zone) : badge?.validUntil ? day(badge.validUntil, trusted.zone) : ''});
const whereOf = ({badge, transcript}) => badge ? badge.address : `${transcript.address}/v/${transcript.code}`;
function reasons(finding, {verdict, state, list, made}) {
  if (finding.fault) return [say(`fault:${finding.fault}`, finding.facts)];
  const facts = {day: list ? day(list.validFrom, trusted.zone) : ''}, found = verdict === 'unsealed' ? [`${inWords(made ?? state, finding)}.`] : [];
  if (finding.backdated) found.push(say('backdated', {day: day(finding.backdated, trusted.zone)}));
  else found.push(state === 'unknown' ? list ? say(now() > list.validUntil ? 'out_of_date' : 'before', facts) : say('no_list') : list ? say('by_list', facts) : '');
  return [...found, say('online', {address: whereOf(finding)}), say('compare')];
}
const duration = (minutes) => `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
function table(caption, rows) {
  const made = element('table');
  made.append(element('caption', caption));
  rows.forEach((row, at) => {
    const line = element('tr');
    line.append(...row.map((text, place) => at && place ? element('td', text, {dir: 'auto'}) : element('th', text, {dir: 'auto', scope: at ? 'row' : 'col'})));
    made.append(line);
  });
  const box = element('div', '', {className: 'scroll', tabIndex: 0, role: 'group', ariaLabel: caption});
  box.append(made);
  return box;
}
// The records of a transcript with the states of its day and those that the lists give, the hours of its day, what is not completed.
function tables({records, open}) {
  return [
    table(say('records'), [[say('course'), say('completed'), say('then'), say('today'), say('code')], ...records.map((one) =>
      [`${one.title} (${one.institution}, ${duration(one.minutes)})`, day(one.completed_on), say(`state:${one.state}`), say(`state:${judgeRecord(one, lists, now(), trusted.zone).state}`), one.certificate?.code ?? '–'])]),
    ...(sumsOf(records).length ? [table(say('hours'), [[say('issuer'), say('year'), say('amount')], ...sumsOf(records).map((one) => [one.institution, String(one.year), duration(one.minutes)])])] : []),
    ...(open.length ? [table(say('open'), [[say('course'), say('since'), say('progress')], ...open.map((one) => [one.title, day(one.since), `${one.done}/${one.total}`])])] : []),
  ];
}
function card(finding) {
  const judged = verdictOf(finding), {badge, transcript} = finding, [look, icon] = LOOKS[judged.verdict];
  const box = element('section', '', {className: `result ${look}`});
  box.dataset.verdict = judged.verdict;
  const title = element('h2', inWords(judged.verdict, finding));
  title.dataset.icon = icon;
  box.append(title, ...reasons(finding, judged).filter(Boolean).map((text) => element('p', text)));
  const facts = element('dl');
  const rows = badge ? [
    ['person', badge.person], ['course', badge.title], ['length', badge.description], ['done_for', badge.criteria], ['issuer', `${badge.issuerName} (${hostOf(badge.issuer)})`],
    ['issued', day(badge.validFrom, trusted.zone)], ...(badge.validUntil ? [['until', day(badge.validUntil, trusted.zone)]] : []), ['code', badge.code], ['seal', say(finding.isSealed ? 'sealed' : finding.form === 'pdf' ? 'not_sealed' : 'loose')],
  ] : transcript ? [
    ['person', transcript.person], ['issuer', `${transcript.institution} (${transcript.address.split('//')[1]})`], ['issued', day(transcript.asOf, trusted.zone)],
    ['code', transcript.code], ['seal', say(finding.isSealed ? 'sealed' : finding.form === 'pdf' ? 'not_sealed' : 'loose')],
  ] : [];
  for (const [name, text] of [...rows, ['file', finding.name], ['checked', new Date(finding.at).toLocaleString(language === 'es' ? 'es-EC' : 'en-GB')]])
    facts.append(element('dt', say(name)), element('dd', text, {dir: 'auto', className: name === 'code' ? 'mono' : ''}));
  box.append(facts, ...(transcript ? tables(transcript) : []));
  return box;
}
function show() {
  document.documentElement.lang = language;
  document.title = say('title');
  for (const one of document.querySelectorAll('[data-words]')) one.textContent = say(one.dataset.words);
  field('language').textContent = language === 'es' ? 'English' : 'Español';
  field('language').lang = language === 'es' ? 'en' : 'es';
  field('institution').textContent = say('institution', {name: trusted.institution, address: trusted.address});
  field('about').textContent = say('about', {version: trusted.version, day: day(trusted.made, trusted.zone)});
  const dates = lists.map((list) => list.validFrom).sort(), latest = dates.at(-1), age = latest ? Math.floor((Date.now() - Date.parse(latest)) / 86400000) : 0;
  field('date').textContent = latest ? say(age > OLD_DAYS ? 'old' : 'list', {day: day(latest, trusted.zone), days: age}) : say('none');
  field('date').classList.toggle('old', !latest || age > OLD_DAYS);
  field('manual').textContent = say('manual', {address: `${trusted.address}/help/board/check-a-certificate`});
  field('limits').textContent = say('limits', {address: `${trusted.address}/verify`});
  field('results').replaceChildren(...findings.map(card));
}
function addList(list) {
  const before = newest(lists, list.address, list.purpose);
  if (before && before.validFrom >= list.validFrom) return false;
  lists.push(list);
  return true;
}
async function attempt(read) { try { return await read(); } catch { return null; } }
async function take(bytes, name) {
  const text = bytes.length <= MOST_LIST_BYTES ? await attempt(() => textOf(bytes)) : null;
  const list = text && text.includes('BitstringStatusListCredential') && await attempt(() => verifyList(text, trusted));
  if (list) return say(addList(list) ? 'added' : 'older', {file: name, day: day(list.validFrom, trusted.zone)});
  const keys = text && text.includes('eddsa-jcs-2022') && await attempt(() => verifyKeys(text, trusted));
  if (keys) { trusted = {...trusted, ...keys}; return say('keys', {file: name, day: day(keys.created, trusted.zone)}); }
  const finding = {...await verifyFile(bytes, trusted), name, at: now()};
  findings = [finding, ...findings];
  return `${name}: ${inWords(verdictOf(finding).verdict, finding)}`;
}
async function takeAll(parts) {
  const words = [];
  for (const [name, bytes] of parts) words.push(await take(await bytes(), name));
  show();
  field('status').textContent = words.join(' · ');
}
const takeFiles = (files) => takeAll([...files].map((file) => [file.name, async () => new Uint8Array(await file.slice(0, MOST_FILE_BYTES + 1).arrayBuffer())]));
field('files').addEventListener('change', async ({target}) => { await takeFiles(target.files); target.value = ''; });
field('check').addEventListener('click', () => field('text').value.trim() && takeAll([[say('pasted'), async () => utf8(field('text').value)]]));
field('print').addEventListener('click', () => window.print());
field('clear').addEventListener('click', () => { findings = []; field('text').value = ''; show(); });
field('language').addEventListener('click', () => { language = language === 'es' ? 'en' : 'es'; show(); });
for (const kind of ['dragover', 'dragleave', 'drop']) document.addEventListener(kind, (event) => {
  event.preventDefault();
  field('drop').classList.toggle('over', kind === 'dragover');
  if (kind === 'drop') takeFiles(event.dataTransfer.files);
});
(async () => {
  field('limits').hidden = await hasEd25519();
  for (const given of trusted.lists) {
    const list = await attempt(() => verifyList(JSON.stringify(given), trusted)) ?? (field('limits').hidden ? null : await attempt(async () => {
      const {proof, ...document} = given, read = readList(document); // made with this page, whose own signature covers it
      return {...read, bits: await unpacked(part(read.encoded.slice(1)), 'gzip', MOST_LIST_BYTES)};
    }));
    if (list) addList(list);
  }
  show();
  document.body.dataset.ready = 'yes';
})();
