// The page: takes files and text, shows findings in words, and never more than was checked.
const WORDS = {
  es: {
    title: 'Verificar certificados sin conexión', other: 'English', drop: 'Elija o arrastre aquí los archivos: PDF, PNG, SVG, JSON o JWT. También una lista de estados o de claves más nueva.',
    pasted: 'Texto pegado', paste: 'O pegue aquí el texto de una credencial (JSON o JWT)', check: 'Verificar el texto', print: 'Imprimir', clear: 'Borrar los resultados',
    institution: 'Certificados de {0} ({1}).', about: 'Página de la versión {0}, hecha el {1}. No envía nada: todo se comprueba en este equipo.',
    list: 'Lista de estados del {0}', old: 'Lista de estados del {0}: de hace {1} días', none: 'Sin lista de estados: no se puede decir si un certificado sigue vigente',
    limits: 'Este navegador no puede comprobar firmas Ed25519. Los PDF sellados se comprueban igual; para JSON, JWT e imágenes use un navegador más nuevo o la página {0}/verify. Las listas nuevas tampoco se pueden leer.',
    done: '{0}: {1}', added: '{0}: lista de estados del {1} agregada', older: '{0}: hay una lista más nueva; esta no se usa', keys: '{0}: lista de claves del {1} agregada',
    person: 'Persona', course: 'Curso', length: 'Descripción', done_for: 'Qué hizo', issuer: 'Emisor', issued: 'Emitido el', until: 'Válido hasta el', code: 'Código', file: 'Archivo', checked: 'Comprobado el',
    seal: 'Hoja', sealed: 'El PDF está sellado y completo', loose: 'Es un archivo de la credencial; no hay una hoja sellada', compare: 'Compare estos datos con el documento que le entregaron.',
    valid: 'Genuino y vigente', expired: 'Genuino, venció el {0}', replaced: 'Genuino, reemplazado por otro', revoked: 'Genuino, anulado', unknown: 'Genuino, estado desconocido',
    altered: 'Alterado o no emitido aquí', unsealed: 'Credencial genuina en una hoja sin sello: crea solo lo que dice aquí', unreadable: 'No se puede leer', unchecked: 'No se pudo comprobar en este navegador',
    no_list: 'No hay lista de estados de este certificado: no se sabe si sigue vigente.', out_of_date: 'La lista es del {0} y está vencida: no se sabe si sigue vigente.', by_list: 'Según la lista de estados del {0}.',
    online: 'El estado de hoy está en {0}',
    faults: {
      unreadable: 'El archivo está dañado o no es un certificado, una insignia ni una lista.', ambiguous: 'El texto se puede leer de dos maneras.', not_our_profile: 'Tiene algo que los nuestros no tienen, o le falta algo.',
      other_issuer: 'Lo emitió otro sitio.', unknown_key: 'Está firmado con una clave que no es nuestra.', bad_signature: 'Algo cambió después de la firma.', compromised_key: 'Está firmado con una clave que ya no cuenta.',
      seal: 'El sello no tiene la forma de los nuestros.', seal_not_whole: 'Al archivo se le agregó algo después del sello, o el sello no lo cubre entero.', unsealed_old: 'Es una hoja sin sello y sin credencial: compare su código con el registro en línea.',
      no_ed25519: 'Este navegador no comprueba firmas Ed25519. Use uno más nuevo o la verificación en línea.',
    },
  },
  en: {
    title: 'Verify certificates offline', other: 'Español', drop: 'Choose files or drop them here: PDF, PNG, SVG, JSON or JWT. A newer list of states or keys too.',
    pasted: 'Pasted text', paste: 'Or paste the text of a credential here (JSON or JWT)', check: 'Verify the text', print: 'Print', clear: 'Clear the results',
    institution: 'Certificates of {0} ({1}).', about: 'Page of version {0}, made on {1}. It sends nothing: everything is checked on this computer.',
    list: 'List of states of {0}', old: 'List of states of {0}: {1} days old', none: 'No list of states: whether a certificate is still valid cannot be said',
    limits: 'This browser cannot check Ed25519 signatures. Sealed PDF files are checked all the same; for JSON, JWT and pictures use a newer browser or the page {0}/verify. Newer lists cannot be read either.',
    done: '{0}: {1}', added: '{0}: list of states of {1} added', older: '{0}: there is a newer list; this one is not used', keys: '{0}: list of keys of {1} added',
    person: 'Person', course: 'Course', length: 'Description', done_for: 'For', issuer: 'Issuer', issued: 'Issued on', until: 'Valid until', code: 'Code', file: 'File', checked: 'Checked on',
    seal: 'Sheet', sealed: 'The PDF is sealed and whole', loose: 'It is a file of the credential; there is no sealed sheet', compare: 'Compare these details with the document you were given.',
    valid: 'Genuine and valid', expired: 'Genuine, expired on {0}', replaced: 'Genuine, replaced by another', revoked: 'Genuine, revoked', unknown: 'Genuine, state unknown',
    altered: 'Altered, or not issued here', unsealed: 'Genuine credential in an unsealed sheet: believe only what it says here', unreadable: 'Cannot be read', unchecked: 'Could not be checked in this browser',
    no_list: 'There is no list of states for this certificate: whether it is still valid is not known.', out_of_date: 'The list is of {0} and out of date: whether it is still valid is not known.', by_list: 'By the list of states of {0}.',
    online: 'Its state today is at {0}',
    faults: {
      unreadable: 'The file is damaged, or it is no certificate, badge or list.', ambiguous: 'The text can be read in two ways.', not_our_profile: 'It has something that ours do not have, or lacks something.',
      other_issuer: 'Another site issued it.', unknown_key: 'It is signed by a key that is not ours.', bad_signature: 'Something changed after signing.', compromised_key: 'It is signed by a key that no longer counts.',
      seal: 'The seal does not have the form of ours.', seal_not_whole: 'Something was added to the file after the seal, or the seal does not cover all of it.', unsealed_old: 'It is a sheet without a seal and without a credential: compare its code with the online register.',
      no_ed25519: 'This browser does not check Ed25519 signatures. Use a newer one, or verify online.',
    },
  },
};
const LOOKS = {valid: ['ok', '✓'], expired: ['warn', '⌛'], replaced: ['warn', '↷'], revoked: ['bad', '✕'], unknown: ['warn', '?'], altered: ['bad', '✕'], unsealed: ['warn', '!'], unreadable: ['bad', '∅'], unchecked: ['warn', '?']};
const OLD_DAYS = 30;
const field = (id) => document.getElementById(id);
let trusted = JSON.parse(field('trusted').textContent), lists = [], findings = [], language = (navigator.language || 'es').startsWith('es') ? 'es' : 'en';
const filled = (text, ...values) => text.replace(/\{(\d)\}/g, (_, place) => values[place]);
const say = (name, ...values) => filled(WORDS[language][name], ...values);
const day = (text, timeZone = 'UTC') => new Intl.DateTimeFormat(language === 'es' ? 'es-EC' : 'en-GB', {dateStyle: 'long', timeZone}).format(new Date(text));
const now = () => new Date().toISOString().replace(/\.\d+Z/, 'Z');
function element(name, text, attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  if (text) made.textContent = text;
  return made;
}
function verdictOf(finding) {
  if (finding.fault) return {verdict: {unreadable: 'unreadable', no_ed25519: 'unchecked'}[finding.fault] ?? 'altered'};
  const judged = judge(finding.badge, lists, now());
  const isDead = ['revoked', 'replaced', 'expired'].includes(judged.state);
  return {...judged, verdict: finding.form === 'pdf' && !finding.isSealed && !isDead ? 'unsealed' : judged.state};
}
function reasons(finding, {verdict, state, list}) {
  if (finding.fault) return [WORDS[language].faults[finding.fault] ?? WORDS[language].faults.unreadable];
  const stated = list ? day(list.validFrom) : '';
  const found = state === 'unknown' ? [list ? say('out_of_date', stated) : say('no_list')] : list ? [say('by_list', stated)] : [];
  if (verdict === 'unsealed' && state === 'valid') found.push(say('valid'));
  return [...found, say('online', finding.badge.address), say('compare')];
}
function card(finding) {
  const judged = verdictOf(finding), {badge} = finding, [look, icon] = LOOKS[judged.verdict];
  const box = element('section', '', {className: `result ${look}`});
  box.dataset.verdict = judged.verdict;
  const title = element('h2', judged.verdict === 'expired' ? say('expired', day(badge.validUntil)) : say(judged.verdict));
  title.dataset.icon = icon;
  box.append(title, ...reasons(finding, judged).map((text) => element('p', text)));
  const facts = element('dl');
  const rows = badge && !finding.fault ? [
    ['person', badge.person], ['course', badge.title], ['length', badge.description], ['done_for', badge.criteria], ['issuer', `${badge.issuerName} (${badge.issuer.replace('did:web:', '')})`],
    ['issued', day(badge.validFrom, trusted.zone)], ...(badge.validUntil ? [['until', day(badge.validUntil)]] : []), ['code', badge.code], ['seal', say(finding.isSealed ? 'sealed' : 'loose')],
  ] : [];
  for (const [name, text] of [...rows, ['file', finding.name], ['checked', new Date(finding.at).toLocaleString(language === 'es' ? 'es-EC' : 'en-GB')]])
    facts.append(element('dt', say(name)), element('dd', text, {dir: 'auto', className: name === 'code' ? 'mono' : ''}));
  box.append(facts);
  return box;
}
function show() {
  document.documentElement.lang = language;
  document.title = say('title');
  for (const one of document.querySelectorAll('[data-words]')) one.textContent = say(one.dataset.words);
  field('language').textContent = say('other');
  field('language').lang = language === 'es' ? 'en' : 'es';
  field('institution').textContent = say('institution', trusted.institution, trusted.address);
  field('about').textContent = say('about', trusted.version, day(trusted.made));
  const dates = lists.map((list) => list.validFrom).sort(), latest = dates.at(-1), age = latest ? Math.floor((Date.now() - Date.parse(latest)) / 86400000) : 0;
  field('date').textContent = latest ? age > OLD_DAYS ? say('old', day(latest), age) : say('list', day(latest)) : say('none');
  field('date').classList.toggle('old', !latest || age > OLD_DAYS);
  field('limits').textContent = say('limits', trusted.address);
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
  if (list) return addList(list) ? say('added', name, day(list.validFrom)) : say('older', name);
  const keys = text && text.includes('eddsa-jcs-2022') && await attempt(() => verifyKeys(text, trusted));
  if (keys) { trusted = {...trusted, ...keys}; return say('keys', name, day(keys.created)); }
  const finding = {...await verifyFile(bytes, trusted), name, at: now()};
  findings = [finding, ...findings];
  return say('done', name, say(verdictOf(finding).verdict, finding.badge?.validUntil ? day(finding.badge.validUntil) : ''));
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
