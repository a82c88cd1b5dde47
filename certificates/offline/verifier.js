// Verifies certificates without a network: the same profile, canonical form and verdicts as certificates/rules, for browsers.
// Everything that is trusted is given beforehand; no key is taken from a file.
'use strict';

const UNREADABLE = 'unreadable', AMBIGUOUS = 'ambiguous', NOT_OURS = 'not_our_profile';
const MOST_BYTES = 262144, MOST_FILE_BYTES = 2097152, MOST_LIST_BYTES = 1048576;
class Fault extends Error { constructor(fault, facts) { super(fault); this.facts = facts; } }
const fail = (fault, facts = {}) => { throw new Fault(fault, facts); };

// --- bytes ------------------------------------------------------------------------------------------------------------------------------
const utf8 = (text) => new TextEncoder().encode(text);
const latin = (bytes) => { let text = ''; for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192)); return text; };
const joined = (...parts) => { const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0)); let at = 0; for (const part of parts) { all.set(part, at); at += part.length; } return all; };
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const fromBase64 = (text) => { try { return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (sign) => sign.charCodeAt(0)); } catch { return fail(UNREADABLE); } };
const toBase64 = (bytes) => btoa(latin(bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
function textOf(bytes) {
  if (bytes.length > MOST_FILE_BYTES) fail(UNREADABLE);
  try { return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes); } catch { return fail(UNREADABLE); }
}
async function unpacked(bytes, format, most) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  const parts = [];
  let size = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.length;
      if (size > most) { reader.cancel().catch(() => {}); fail(UNREADABLE); }
      parts.push(part.value);
    }
  } catch (error) { fail(UNREADABLE); }
  return joined(...parts);
}
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
function toBase58(bytes) {
  let number = BigInt(`0x${hex(bytes) || '0'}`), text = '';
  for (; number; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  return '1'.repeat(bytes.findIndex((byte) => byte) < 0 ? bytes.length : bytes.findIndex((byte) => byte)) + text;
}
function fromBase58(text, length) {
  let number = 0n;
  for (const sign of text) { const digit = ALPHABET.indexOf(sign); if (digit < 0) fail(NOT_OURS); number = number * 58n + BigInt(digit); }
  const digits = number.toString(16).padStart(2 * length, '0');
  const bytes = unhex(digits);
  return digits.length === 2 * length && toBase58(bytes) === text ? bytes : fail(NOT_OURS);
}

// --- strict JSON, fixed profiles --------------------------------------------------------------------------------------------------------
const UNSIGNABLE = /[\0-\x09\x0b-\x1f\x7f\ufffe\uffff]|\p{Surrogate}/u;
const isSignable = (text) => typeof text === 'string' && !UNSIGNABLE.test(text) && text.normalize('NFC') === text;
const hostOf = (issuer) => issuer.replace('did:web:', '').replaceAll(':', '/').replaceAll('%3A', ':');
const isAddress = (text) => typeof text === 'string' && /^(?:https?:\/\/|did:web:|urn:uuid:)[!#-;=?-[\]_a-z~]+$/.test(text);
function readStrict(text, most = MOST_BYTES) {
  if (utf8(text).length > most) fail(UNREADABLE);
  let value;
  try { value = JSON.parse(text); } catch { fail(UNREADABLE); }
  const open = [];
  let before = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]|-?\d[^\s,\]}]*/g)) {
    if (token === '{') open.push(new Set()); else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') { const name = JSON.parse(before), names = open.at(-1); if (names.has(name)) fail(AMBIGUOUS); names.add(name); }
    else if (token[0] === '"') { if (!isSignable(JSON.parse(token))) fail(AMBIGUOUS); }
    else if (/[.eE]/.test(token)) fail(AMBIGUOUS);
    before = token;
  }
  return value;
}
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const sorted = (value) => Array.isArray(value) ? value.map(sorted) : isObject(value) ? Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])])) : value;
const canonicalJson = (value) => JSON.stringify(sorted(value));
function exactly(document, read, write) {
  if (!isObject(document)) fail(NOT_OURS);
  let content, again;
  try { content = read(document); again = write(content); } catch (error) { fail(NOT_OURS); }
  return canonicalJson(again) === canonicalJson(document) ? content : fail(NOT_OURS);
}
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
function moment(text) {
  if (!MOMENT.test(text) || new Date(text).toISOString() !== text.replace('Z', '.000Z')) fail(NOT_OURS);
  return text;
}
const CONTEXT = 'https://www.w3.org/ns/credentials/v2';
const JSON_SCHEMA = 'https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json';
const badgeDocument = (badge) => ({
  '@context': [CONTEXT, 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json', 'https://purl.imsglobal.org/spec/ob/v3p0/extensions.json'],
  id: badge.address, type: ['VerifiableCredential', 'OpenBadgeCredential'], name: badge.title,
  issuer: {id: badge.issuer, type: ['Profile'], name: badge.issuerName},
  validFrom: badge.validFrom, ...(badge.validUntil ? {validUntil: badge.validUntil} : {}),
  credentialSubject: {
    id: badge.subject, type: ['AchievementSubject'],
    achievement: {id: badge.course, type: ['Achievement'], name: badge.title, description: badge.description, criteria: {narrative: badge.criteria}, achievementType: 'Certificate'},
    identifier: [{type: 'IdentityObject', hashed: false, identityHash: badge.person, identityType: 'name'}],
  },
  credentialStatus: {id: `${badge.list}#${badge.place}`, type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: String(badge.place), statusListCredential: badge.list},
  credentialSchema: [{id: JSON_SCHEMA, type: '1EdTechJsonSchemaValidator2019'}],
});
const readBadge = (document) => exactly(document, ({id, name, issuer, validFrom, validUntil, credentialSubject: subject, credentialStatus: status}) => {
  const place = Number(status.statusListIndex), course = subject.achievement;
  const badge = {
    address: id, issuer: issuer.id, issuerName: issuer.name, course: course.id, title: name, description: course.description, criteria: course.criteria.narrative,
    person: subject.identifier[0].identityHash, subject: subject.id, validFrom: moment(validFrom), validUntil: validUntil === undefined ? '' : moment(validUntil),
    list: status.statusListCredential, place, code: String(id).split('/').at(-1),
  };
  const isSound = [badge.issuerName, badge.title, badge.description, badge.criteria, badge.person].every(isSignable)
    && [badge.address, badge.issuer, badge.course, badge.subject, badge.list].every(isAddress) && Number.isSafeInteger(place) && place >= 0;
  return isSound ? badge : fail(NOT_OURS);
}, badgeDocument);
const listDocument = (list) => ({
  '@context': [CONTEXT], id: list.address, type: ['VerifiableCredential', 'BitstringStatusListCredential'], issuer: list.issuer,
  validFrom: list.validFrom, validUntil: list.validUntil,
  credentialSubject: {id: `${list.address}#list`, type: 'BitstringStatusList', statusPurpose: list.purpose, encodedList: list.encoded},
});
const readList = (document) => exactly(document, ({id, issuer, validFrom, validUntil, credentialSubject: subject}) => {
  const list = {address: id, issuer, validFrom: moment(validFrom), validUntil: moment(validUntil), purpose: subject.statusPurpose, encoded: subject.encodedList};
  return isAddress(id) && isAddress(issuer) && /^u[\w-]+$/.test(list.encoded) && ['revocation', 'refresh'].includes(list.purpose) ? list : fail(NOT_OURS);
}, listDocument);
// A transcript: its records with the states of their day, and the sums of the hours in force (certificates/rules/transcripts.py).
function sumsOf(records) {
  const found = new Map();
  for (const one of records.filter((record) => record.state === 'valid')) {
    const key = JSON.stringify([one.institution, Number(one.completed_on.slice(0, 4))]);
    found.set(key, (found.get(key) ?? 0) + one.minutes);
  }
  const sums = [...found].map(([key, minutes]) => ({institution: JSON.parse(key)[0], year: JSON.parse(key)[1], minutes}));
  return sums.sort((one, other) => byBytes(one.institution, other.institution) || other.year - one.year);
}
const heldDocument = ({code, issued_on, expires_on, status}, address) => ({
  code, issued_on, ...(expires_on ? {expires_on} : {}), ...(status ? {status: {list: `${address}/status/${Number(status.list.split('/').at(-1))}`, place: status.place}} : {}),
});
const recordDocument = ({course, version, take, title, institution, minutes, hours_basis, completed_on, result, state, certificate}, address) => ({
  course, version, take, title, institution, minutes, hours_basis, completed_on, result: result === 'passed' ? result : 'completed', state,
  ...(certificate ? {certificate: heldDocument(certificate, address)} : {}),
});
const transcriptDocument = (made) => ({
  format: 1, type: 'Transcript', id: `${made.address}/v/${made.code}`, issuer: `did:web:${new URL(made.address).host.replace(':', '%3A')}`,
  institution: made.institution, language: made.language, person: made.person, as_of: made.asOf,
  records: made.records.map((record) => recordDocument(record, made.address)), totals: sumsOf(made.records),
  ...(made.open.length ? {in_progress: made.open.map(({title, since, done, total}) => ({title, since, done, total}))} : {}),
});
const DAY = /^\d{4}-\d\d-\d\d$/, STATES = ['valid', 'expired', 'replaced', 'revoked', 'none'];
const readTranscript = (document) => exactly(document, ({id, institution, language, person, as_of, records, in_progress: open = []}) => {
  const [address, code] = id.split('/v/');
  const areSound = records.length && records.every((one) => STATES.includes(one.state) && DAY.test(one.completed_on) && Number.isSafeInteger(one.minutes))
    && /^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/.test(code) && isAddress(address) && [institution, language, person].every(isSignable);
  return areSound ? {address, code, institution, language, person, asOf: moment(as_of), records, open} : fail(NOT_OURS);
}, transcriptDocument);
const proofDocument = (proof) => ({
  type: 'DataIntegrityProof', cryptosuite: proof.suite, created: proof.created, verificationMethod: proof.method, proofPurpose: 'assertionMethod',
  proofValue: `z${toBase58(proof.signature)}`,
});
const RDFC = 'eddsa-rdfc-2022', JCS = 'eddsa-jcs-2022';
const readProof = (document, suite = RDFC) => exactly(document, ({created, verificationMethod: method, proofValue}) =>
  isAddress(method) ? {suite, created: moment(created), method, signature: fromBase58(proofValue.slice(1), 64)} : fail(NOT_OURS), proofDocument);

// --- canonical N-Quads ------------------------------------------------------------------------------------------------------------------
const TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type', VC = 'https://www.w3.org/2018/credentials#', STATUS = 'https://www.w3.org/ns/credentials/status#';
const SECURITY = 'https://w3id.org/security#', BADGES = 'https://purl.imsglobal.org/spec/vc/ob/vocab.html#', SCHEMA = 'https://schema.org/';
const DATE_TIME = 'http://www.w3.org/2001/XMLSchema#dateTime';
const iri = (address) => `<${address}>`;
const literal = (text, datatype) => `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"${datatype ? `^^<${datatype}>` : ''}`;
const term = (text) => text.startsWith('_:') ? text : iri(text);
function byBytes(one, other) {
  const a = utf8(one), b = utf8(other), at = a.findIndex((byte, place) => byte !== b[place]);
  return at < 0 ? a.length - b.length : a[at] - (b[at] ?? -1);
}
const lines = (quads, names) => [...new Set(quads.map((quad) => `${quad.map((part) => names[part] ?? part).join(' ')} .\n`))].sort(byBytes);
async function canonical(quads) {
  const labels = [...new Set(quads.flat().filter((part) => part.startsWith('_:')))];
  const hashes = await Promise.all(labels.map(async (label) => {
    const names = Object.fromEntries(labels.map((other) => [other, other === label ? '_:a' : '_:z']));
    return [hex(await sha256(utf8(lines(quads.filter((quad) => quad.includes(label)), names).join('')))), label];
  }));
  const names = Object.fromEntries(hashes.sort().map(([, label], place) => [label, `_:c14n${place}`]));
  return utf8(lines(quads, names).join(''));
}
const quadsOf = (subject, ...pairs) => pairs.map(([predicate, value]) => [term(subject), iri(predicate), value]);
const badgeQuads = (badge) => {
  const status = `${badge.list}#${badge.place}`;
  return [
    ...quadsOf(badge.address, [TYPE, iri(`${VC}VerifiableCredential`)], [TYPE, iri(`${BADGES}OpenBadgeCredential`)], [`${SCHEMA}name`, literal(badge.title)],
      [`${VC}issuer`, iri(badge.issuer)], [`${VC}validFrom`, literal(badge.validFrom, DATE_TIME)], [`${VC}credentialSubject`, iri(badge.subject)],
      [`${VC}credentialStatus`, iri(status)], [`${VC}credentialSchema`, iri(JSON_SCHEMA)], ...(badge.validUntil ? [[`${VC}validUntil`, literal(badge.validUntil, DATE_TIME)]] : [])),
    ...quadsOf(JSON_SCHEMA, [TYPE, iri('https://purl.imsglobal.org/spec/vccs/v1p0/context.json#1EdTechJsonSchemaValidator2019')]),
    ...quadsOf(badge.issuer, [TYPE, iri(`${BADGES}Profile`)], [`${SCHEMA}name`, literal(badge.issuerName)]),
    ...quadsOf(status, [TYPE, iri(`${STATUS}BitstringStatusListEntry`)], [`${STATUS}statusListCredential`, iri(badge.list)],
      [`${STATUS}statusListIndex`, literal(String(badge.place))], [`${STATUS}statusPurpose`, literal('revocation')]),
    ...quadsOf(badge.subject, [TYPE, iri(`${BADGES}AchievementSubject`)], [`${BADGES}achievement`, iri(badge.course)], [`${BADGES}identifier`, '_:person']),
    ...quadsOf(badge.course, [TYPE, iri(`${BADGES}Achievement`)], [`${SCHEMA}name`, literal(badge.title)], [`${SCHEMA}description`, literal(badge.description)],
      [`${BADGES}achievementType`, literal('Certificate')], [`${BADGES}Criteria`, '_:criteria']),
    ...quadsOf('_:criteria', [`${BADGES}narrative`, literal(badge.criteria)]),
    ...quadsOf('_:person', [TYPE, iri(`${BADGES}IdentityObject`)], [`${BADGES}hashed`, literal('false', 'https://www.w3.org/2001/XMLSchema#boolean')],
      [`${BADGES}identityHash`, literal(badge.person)], [`${BADGES}identityType`, literal('name')]),
  ];
};
const listQuads = (list) => [
  ...quadsOf(list.address, [TYPE, iri(`${VC}VerifiableCredential`)], [TYPE, iri(`${STATUS}BitstringStatusListCredential`)], [`${VC}issuer`, iri(list.issuer)],
    [`${VC}validFrom`, literal(list.validFrom, DATE_TIME)], [`${VC}validUntil`, literal(list.validUntil, DATE_TIME)], [`${VC}credentialSubject`, iri(`${list.address}#list`)]),
  ...quadsOf(`${list.address}#list`, [TYPE, iri(`${STATUS}BitstringStatusList`)], [`${STATUS}statusPurpose`, literal(list.purpose)],
    [`${STATUS}encodedList`, literal(list.encoded, `${SECURITY}multibase`)]),
];
const proofQuads = (proof) => quadsOf('_:proof', [TYPE, iri(`${SECURITY}DataIntegrityProof`)], ['http://purl.org/dc/terms/created', literal(proof.created, DATE_TIME)],
  [`${SECURITY}cryptosuite`, literal('eddsa-rdfc-2022', `${SECURITY}cryptosuiteString`)], [`${SECURITY}proofPurpose`, iri(`${SECURITY}assertionMethod`)],
  [`${SECURITY}verificationMethod`, iri(proof.method)]);
const signingInput = async (quads, proof) => joined(await sha256(await canonical(proofQuads(proof))), await sha256(await canonical(quads)));

// --- signatures -------------------------------------------------------------------------------------------------------------------------
// trusted: {keys: [{method, key: base64 of 32 bytes, compromised: moment or ''}], seals: [{spki, certificate}], as base64 of DER}
// A certificate that is '' may be any of that key.
async function hasEd25519() {
  try { await crypto.subtle.importKey('raw', new Uint8Array(32).fill(1), 'Ed25519', false, ['verify']); return true; } catch { return false; }
}
async function ed25519(key, signature, content) {
  try {
    const public_ = await crypto.subtle.importKey('raw', fromBase64(key), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', public_, signature, content);
  } catch (error) { if (error instanceof DOMException && error.name === 'NotSupportedError') fail('no_ed25519'); return false; }
}
// Returns since when the key is compromised, where it signed before that as it says itself: only a register can know whether it did.
async function checkSignature(trusted, issuer, method, signature, content, created) {
  const key = trusted.keys.find((one) => one.method === method);
  if (!trusted.keys.some((one) => one.method.startsWith(`${issuer}#`))) fail('other_issuer', {issuer: hostOf(issuer)});
  if (!key || !method.startsWith(`${issuer}#`)) fail('unknown_key');
  if (!await hasEd25519()) fail('no_ed25519');
  if (!await ed25519(key.key, signature, content)) fail('bad_signature');
  if (key.compromised && (!created || created >= key.compromised)) fail('compromised_key');
  return key.compromised;
}
function signedJson(text) {
  const value = readStrict(text);
  if (!isObject(value)) fail(UNREADABLE);
  const {proof, ...document} = value;
  return [document, readProof(proof)];
}

// --- forms of a badge -------------------------------------------------------------------------------------------------------------------
const headOf = (method) => ({alg: 'EdDSA', kid: method, typ: 'vc+jwt'});
const seconds = (text) => Date.parse(text) / 1000;
const payloadOf = (badge) => ({...badgeDocument(badge), iss: badge.issuer, jti: badge.address, nbf: seconds(badge.validFrom),
  ...(badge.validUntil ? {exp: seconds(badge.validUntil)} : {}), sub: badge.subject});
function part(text) { const bytes = fromBase64(text); return toBase64(bytes) === text ? bytes : fail(NOT_OURS); }
async function verifyToken(text, trusted) {
  const [head, payload, signature] = text.split('.').map(part);
  const method = exactly(readStrict(textOf(head)), (document) => document.kid, headOf);
  if (!isAddress(method)) fail(NOT_OURS);
  const badge = exactly(readStrict(textOf(payload)), ({iss, jti, nbf, exp, sub, ...document}) => readBadge(document), payloadOf);
  return {badge, backdated: await checkSignature(trusted, badge.issuer, method, signature, utf8(text.slice(0, text.lastIndexOf('.'))), '')};
}
async function verifySummary(value, trusted, hasToHold = true) {
  const {proof, ...document} = value, read = readProof(proof, JCS), transcript = readTranscript(document), {proofValue, ...options} = proofDocument(read);
  const signed = joined(await sha256(utf8(canonicalJson(options))), await sha256(utf8(canonicalJson(document))));
  if (hasToHold && await checkSignature(trusted, document.issuer, read.method, read.signature, signed, read.created)) fail('compromised_key');
  return transcript;
}
// Returns null for what is no transcript: a summary alone, or with the badges of its certificates, each of which has to be genuine.
async function verifyTranscript(text, trusted, hasToHold = true) {
  if (!text.includes('"Transcript"')) return null;
  const value = readStrict(text, MOST_FILE_BYTES);
  if (!isObject(value)) return null;
  if (Object.keys(value).sort().join() !== 'badges,summary') return value.type === 'Transcript' ? verifySummary(value, trusted, hasToHold) : null;
  if (!isObject(value.summary) || !Array.isArray(value.badges)) fail(NOT_OURS);
  const transcript = await verifySummary(value.summary, trusted, hasToHold), codes = transcript.records.map((one) => one.certificate?.code);
  for (const one of value.badges) if (!codes.includes((await verifyText(JSON.stringify(one), trusted)).badge.code)) fail(NOT_OURS);
  return transcript;
}
async function verifyText(text, trusted) {
  const token = text.replace(/\s+/g, '');
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return verifyToken(token, trusted);
  const [document, proof] = signedJson(text);
  const badge = readBadge(document);
  return {badge, backdated: await checkSignature(trusted, badge.issuer, proof.method, proof.signature, await signingInput(badgeQuads(badge), proof), proof.created)};
}
const CRC = Uint32Array.from({length: 256}, (_, byte) => { let sum = byte; for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xedb88320 ^ sum >>> 1 : sum >>> 1; return sum >>> 0; });
const crc32 = (bytes) => { let sum = 0xffffffff; for (const byte of bytes) sum = CRC[(sum ^ byte) & 255] ^ sum >>> 8; return ~sum >>> 0; };
const PNG = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
async function pngBadge(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), found = [];
  let at = 8, kind = '';
  while (kind !== 'IEND') {
    if (at + 12 > bytes.length) fail(UNREADABLE);
    const length = view.getUint32(at), end = at + 8 + length;
    if (end + 4 > bytes.length || view.getUint32(end) !== crc32(bytes.subarray(at + 4, end))) fail(UNREADABLE);
    kind = latin(bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, end);
    if (['iTXt', 'tEXt', 'zTXt'].includes(kind) && latin(body.subarray(0, 20)) === 'openbadgecredential\0') found.push([kind, body]);
    at = end + 4;
  }
  if (at !== bytes.length || !found.length) fail(UNREADABLE);
  if (found.length > 1 || found[0][0] !== 'iTXt') fail(NOT_OURS);
  const body = found[0][1], language = body.indexOf(0, 22), translated = language < 0 ? -1 : body.indexOf(0, language + 1);
  if (translated < 0) fail(UNREADABLE);
  const text = body.subarray(translated + 1);
  return body[20] === 1 ? unpacked(text, 'deflate', MOST_BYTES) : text;
}
const ELEMENT = /<openbadges:credential\b[^>]*?(?:\/>|>([^]*?)<\/openbadges:credential\s*>)/g;
const ACTIVE = /<!DOCTYPE|<!ENTITY|<script\b|<foreignObject\b|\son\w+\s*=|(?:href|src)\s*=\s*["'](?!#)|url\(\s*["']?(?!#|["'])|@import/i;
function svgBadge(picture) {
  const found = [...picture.matchAll(ELEMENT)];
  if (!found.length) fail(UNREADABLE);
  const section = /^\s*<!\[CDATA\[([^]*?)\]\]>\s*$/.exec(found[0][1] ?? '');
  return found.length > 1 || !section || ACTIVE.test(picture.replace(ELEMENT, '')) ? fail(NOT_OURS) : section[1];
}

// --- PDF: one seal over every byte, one attachment, one code (spec/certificates V3) -----------------------------------------------------------
function der(bytes, at) {
  let length = bytes[at + 1], start = at + 2;
  if (length > 127) {
    const count = length & 127;
    if (!count || count > 3) fail('changed');
    length = 0;
    for (let place = 0; place < count; place++) length = length * 256 + bytes[start++];
  }
  return start + length <= bytes.length ? {tag: bytes[at], end: start + length, whole: bytes.subarray(at, start + length), body: bytes.subarray(start, start + length)} : fail('changed');
}
const children = (node) => { const found = []; for (let at = 0; at < node.body.length; at = found[found.length - 1].end) found.push(der(node.body, at)); return found; };
function node(tag, ...parts) {
  const body = joined(...parts), size = body.length;
  return joined(Uint8Array.of(tag, ...size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255]), body);
}
const ONE = unhex('020101'), SHA256 = unhex('300d06096086480165030402010500'), ECDSA = unhex('300a06082a8648ce3d040302');
const SIGNED_DATA = unhex('06092a864886f70d010702'), DATA = unhex('300b06092a864886f70d010701'), DIGEST = '2a864886f70d010904';
function rawSignature(bytes) {
  const numbers = children(der(bytes, 0)).map((one) => hex(one.body).replace(/^(00)+/, '').padStart(64, '0'));
  return numbers.length === 2 && numbers.every((number) => number.length === 64) ? unhex(numbers.join('')) : fail('changed');
}
async function ecdsa(spki, signature, content) {
  const key = await crypto.subtle.importKey('spki', spki, {name: 'ECDSA', namedCurve: 'P-256'}, false, ['verify']);
  return crypto.subtle.verify({name: 'ECDSA', hash: 'SHA-256'}, key, signature, content);
}
function readCertificate(whole) {
  const [signed, , signature] = children(whole), parts = children(signed), [serial, , issuer, validity, subject, spki] = parts.slice(parts[0].tag === 0xa0 ? 1 : 0);
  const times = children(validity).map((one) => (one.tag === 0x17 ? '20' : '') + latin(one.body).slice(0, -1));
  return {whole: whole.whole, signed: signed.whole, signature: rawSignature(signature.body.subarray(1)), serial: serial.whole, issuer: issuer.whole, subject: subject.whole, spki: spki.whole, times};
}
const isIssuedBy = async (one, authority) => same(one.issuer, authority.subject) && ecdsa(authority.spki, one.signature, one.signed);
// A seal is ours where writing it anew from its certificates, its attributes and its signature gives the same bytes.
function readSeal(bytes) {
  const data = children(children(children(der(bytes, 0))[1])[0]), signer = children(children(data[4])[0]), certificates = children(data[3]).map(readCertificate);
  const attributes = signer[3], digests = children(attributes).map(children).filter(([name]) => hex(name.body) === DIGEST);
  if (certificates.length !== 2 || digests.length !== 1) fail('changed');
  const signed = attributes.whole.slice();
  signed[0] = 0x31;
  return {certificates, attributes: attributes.whole, written: signer[5].whole, digest: children(digests[0][1])[0].body, signed, signature: rawSignature(signer[5].body)};
}
function writtenSeal({certificates, attributes, written}, own) {
  const signer = node(0x30, ONE, node(0x30, own.issuer, own.serial), SHA256, attributes, ECDSA, written);
  const all = certificates.map((one) => one.whole).sort((one, other) => hex(one) < hex(other) ? -1 : 1);
  return node(0x30, SIGNED_DATA, node(0xa0, node(0x30, ONE, node(0x31, SHA256), DATA, node(0xa0, ...all), node(0x31, signer))));
}
async function verifySeal(bytes, text, trusted) {
  const ranges = [...text.matchAll(/\/ByteRange/g)];
  if (!ranges.length) return /\/Adobe\.PPKLite|\/ETSI\.CAdES\.detached/.test(text) && fail('not_whole');
  const range = /^\/ByteRange\s*\[\s*0\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]/.exec(text.slice(ranges[0].index, ranges[0].index + 120));
  if (ranges.length > 1 || !range) fail('not_whole');
  const [hole, after, rest] = range.slice(1).map(Number), contents = /^<([0-9A-F]+)>$/.exec(text.slice(hole, after));
  if (!contents || contents[1].length % 2 || after + rest !== bytes.length) fail('not_whole');
  let seal;
  try { seal = readSeal(unhex(contents[1])); } catch { fail('changed'); }
  const isTrusted = (one) => trusted.seals.some(({spki, certificate}) => same(fromBase64(spki), one.spki) && (!certificate || same(fromBase64(certificate), one.whole)));
  const own = seal.certificates.find(isTrusted), authority = seal.certificates.find((one) => one !== own);
  try { if (!own || !await isIssuedBy(own, authority) || !await isIssuedBy(authority, authority)) fail('other_key'); } catch { fail('other_key'); }
  const isSame = same(seal.digest, await sha256(joined(bytes.subarray(0, hole), bytes.subarray(after)))) && await ecdsa(own.spki, seal.signature, seal.signed);
  if (!isSame || contents[1] !== hex(writtenSeal(seal, own)).toUpperCase().padEnd(contents[1].length, '0')) fail('changed');
  const claimed = /\/M\s*\(D(?::|\\072)(\d{14})Z\)/.exec(text);
  if (!claimed) fail('changed');
  return own.times[0] <= claimed[1] && claimed[1] <= own.times[1] || fail('out_of_time');
}
const isSavedAgain = (text) => !text.slice(-2048).includes('startxref') || text.slice(0, 2048).includes('/Linearized') || text.includes('/Encrypt') || text.includes('/ObjStm');
const MOST_DICTIONARY = 2000;
function streamAt(text, place) {
  const start = text.slice(Math.max(0, place - MOST_DICTIONARY), place).lastIndexOf(' obj'), around = text.slice(Math.max(0, place - MOST_DICTIONARY), place + MOST_DICTIONARY);
  const opening = around.indexOf('stream\n', Math.min(place, MOST_DICTIONARY)), length = start >= 0 && /\/Length (\d{1,7})\b/.exec(around.slice(start, Math.max(opening, 0)));
  const begins = Math.max(0, place - MOST_DICTIONARY) + opening + 7;
  return length ? [begins, begins + Number(length[1])] : [0, 0];
}
const CODE = /(?:^|[^0-9A-Za-z-])((?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4})(?![0-9A-Za-z-])/g;
// The codes that a sheet names outside its attachment: beside its QR code for readers of its structure, in its metadata, on its face.
function codesOf(text, places) {
  for (const [start, end] of places) text = text.slice(0, start) + text.slice(end);
  const found = [...text.matchAll(CODE)], all = found.length ? found : [...text.replace(/\\000/g, '').matchAll(CODE)];
  return [...new Set(all.map(([, code]) => code))];
}
async function verifyPdf(bytes, trusted) {
  const text = latin(bytes);
  let isSealed;
  try { isSealed = await verifySeal(bytes, text, trusted); } catch (error) { if (isSavedAgain(text)) fail('saved_again'); throw error; }
  if (!isSealed && isSavedAgain(text)) fail('saved_again');
  const places = [...text.matchAll(/\/EmbeddedFile(?!s)\b/g)].slice(0, 2).map((found) => streamAt(text, found.index)), codes = codesOf(text, places);
  if (!places.length && !isSealed && codes.length === 1) return {codes, fault: 'without_seal', facts: {code: codes[0]}};
  if (!places.length) fail(isSealed ? 'no_credential' : 'nothing_of_ours');
  if (places.length > 1) fail('several_credentials');
  const content = bytes.subarray(...places[0]), others = (badge) => codes.filter((code) => code !== badge.code);
  if (!latin(content.subarray(0, 200)).trimStart().startsWith('{')) fail('no_credential');
  const isBySealAlone = isSealed && !await hasEd25519();
  const transcript = await verifyTranscript(textOf(content), trusted, !isBySealAlone);
  if (transcript && others(transcript).length) return {fault: 'other_transcript', facts: {}};
  if (transcript) return {transcript, isSealed};
  const {badge, backdated} = isBySealAlone ? {badge: readBadge(signedJson(textOf(content))[0])} : await verifyText(textOf(content), trusted);
  if (others(badge).length) return {badge, isSealed, fault: 'other_code', facts: {code: others(badge).join(', ')}};
  return {badge, isSealed, backdated: isSealed ? '' : backdated};
}

// --- findings ---------------------------------------------------------------------------------------------------------------------------
// Returns {form, badge, isSealed, backdated}, {form, transcript, isSealed} or {form, fault, facts}; of a sheet with another code both.
async function verifyFile(bytes, trusted) {
  const start = latin(bytes.subarray(0, 200)).trimStart();
  const form = same(bytes.subarray(0, 8), PNG) ? 'png' : latin(bytes.subarray(0, 1024)).includes('%PDF-') ? 'pdf' : start.startsWith('<') ? 'svg' : start.startsWith('{') ? 'json' : start.startsWith('ey') ? 'jwt' : '';
  try {
    if (bytes.length > MOST_FILE_BYTES) fail(UNREADABLE);
    if (form === 'pdf') return {form, ...await verifyPdf(bytes, trusted)};
    const text = form === 'png' ? textOf(await pngBadge(bytes)) : form === 'svg' ? svgBadge(textOf(bytes)) : textOf(bytes);
    const transcript = form === 'json' && await verifyTranscript(text, trusted);
    return transcript ? {form, transcript} : {form, ...await verifyText(text, trusted)};
  } catch (error) { return error instanceof Fault ? {form, fault: error.message, facts: error.facts} : {form, fault: UNREADABLE, facts: {}}; }
}
async function verifyList(text, trusted) {
  const [document, proof] = signedJson(text), list = readList(document);
  if (await checkSignature(trusted, list.issuer, proof.method, proof.signature, await signingInput(listQuads(list), proof), proof.created)) fail('compromised_key');
  const packed = part(list.encoded.slice(1));
  return {...list, bits: await unpacked(packed, 'gzip', MOST_LIST_BYTES)};
}
const isSet = (list, place) => place >> 3 < list.bits.length && (list.bits[place >> 3] & 0x80 >> place % 8) !== 0;
const newest = (lists, address, purpose) => lists.filter((list) => list.address === address && list.purpose === purpose).sort((one, other) => one.validFrom < other.validFrom ? 1 : -1)[0];
// A list of a day before a certificate says nothing of it.
const isOlder = (list, begins) => list.validFrom.slice(0, 10) < begins.slice(0, 10);
function judge(badge, lists, now, isOver = badge.validUntil && now > badge.validUntil, begins = badge.validFrom) {
  const revoked = newest(lists, badge.list, 'revocation'), replaced = newest(lists, `${badge.list}/replaced`, 'refresh');
  if (revoked && isSet(revoked, badge.place)) return {state: replaced && isSet(replaced, badge.place) ? 'replaced' : 'revoked', list: revoked};
  if (isOver) return {state: 'expired', list: revoked};
  return {state: !revoked || now > revoked.validUntil || isOlder(revoked, begins) ? 'unknown' : 'valid', list: revoked};
}
// The last day of a certificate is that of its institution.
const localDay = (moment, timeZone) => new Intl.DateTimeFormat('en-CA', {timeZone, year: 'numeric', month: '2-digit', day: '2-digit'}).format(new Date(moment));
// What the lists say today of a record of a transcript, and the worst of what was in force on its day.
function judgeRecord(record, lists, now, zone) {
  const held = record.certificate;
  if (!held) return {state: 'none'};
  if (!held.status) return {state: 'unknown'};
  return judge(held.status, lists, now, held.expires_on && localDay(now, zone) > held.expires_on, held.issued_on);
}
function judgeTranscript(transcript, lists, now, zone) {
  const judged = transcript.records.filter((one) => one.state === 'valid').map((one) => judgeRecord(one, lists, now, zone));
  return ['revoked', 'replaced', 'expired', 'unknown', 'valid'].map((state) => judged.find((one) => one.state === state)).find(Boolean) ?? {state: 'valid'};
}
// A list of keys (certificate-keys.json), signed by a key that is trusted already; it counts where it is newer.
async function verifyKeys(text, trusted) {
  const value = readStrict(text), {proof, ...document} = value, {proofValue, ...options} = proof;
  const key = trusted.keys.find((one) => one.method === options.verificationMethod && !one.compromised);
  if (!key || document.issuer !== key.method.split('#')[0]) fail('unknown_key');
  if (options.cryptosuite !== 'eddsa-jcs-2022' || options.created <= trusted.created) fail(NOT_OURS);
  const input = joined(await sha256(utf8(canonicalJson(options))), await sha256(utf8(canonicalJson(document))));
  if (!await hasEd25519()) fail('no_ed25519');
  if (!await ed25519(key.key, fromBase58(proofValue.slice(1), 64), input)) fail('bad_signature');
  const spki = (one) => toBase64(fromBase64(one.spki).slice(-32));
  const issuers = [...new Set(trusted.keys.map((one) => one.method.split('#')[0]))];
  return {
    created: options.created,
    keys: issuers.flatMap((issuer) => document.credentials.map((one) => ({method: `${issuer}#${one.id}`, key: spki(one), compromised: one.compromised_since ?? ''}))),
    seals: document.seals.filter((one) => one.state !== 'compromised').map((one) => ({spki: one.spki, certificate: one.certificate ?? ''})),
  };
}
