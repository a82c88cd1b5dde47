// A certified identity provider on this machine, as a test sets it up: node provider.mjs '{"port": …, "client": {…}, "accounts": {…}}'.
// Its keys are new at each start, and PKCE is required, which is more than it does by itself.
import {generateKeyPairSync} from 'node:crypto';
import Provider from 'oidc-provider';

const {port, client, accounts} = JSON.parse(process.argv[2]);
const issuer = `http://localhost:${port}`;
const pair = client.id_token_signed_response_alg === 'ES256'
  ? generateKeyPairSync('ec', {namedCurve: 'P-256'})
  : generateKeyPairSync('rsa', {modulusLength: 2048});

const provider = new Provider(issuer, {
  clients: [client],
  jwks: {keys: [{...pair.privateKey.export({format: 'jwk'}), use: 'sig', alg: client.id_token_signed_response_alg}]},
  cookies: {keys: ['only a test reads these cookies']},
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['given_name', 'family_name', 'locale', 'staff_number', 'groups'],
  },
  // Without the dispatcher that refuses addresses of this machine: the back channel leads here.
  fetch: (url, {dispatcher: _, ...options}) => fetch(url, options),
  pkce: {required: () => true},
  features: {
    backchannelLogout: {enabled: true},
    devInteractions: {enabled: false},
    rpInitiatedLogout: {enabled: true},
  },
  interactions: {url: (_ctx, interaction) => `/interaction/${interaction.uid}`},
  findAccount: (_ctx, sub) => accounts[sub] && {accountId: sub, claims: () => ({sub, ...accounts[sub]})},
  async loadExistingGrant(ctx) {
    const {provider: {Grant}, client: {clientId}, session: {accountId}, params: {scope}} = ctx.oidc;
    const grant = new Grant({clientId, accountId});
    grant.addOIDCScope(scope);
    await grant.save();
    return grant;
  },
});

const page = `<!doctype html><html lang="en"><title>Sign in</title><h1>Sign in</h1>
<form method="post"><label>Account <input name="account"></label><button>Continue</button></form></html>`;

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  if (ctx.method !== 'POST') {
    ctx.type = 'html';
    ctx.body = page;
    return undefined;
  }
  let text = '';
  for await (const part of ctx.req) text += part;
  const accountId = new URLSearchParams(text).get('account');
  return provider.interactionFinished(ctx.req, ctx.res, {login: {accountId}}).then(() => { ctx.respond = false; });
});

provider.on('server_error', (_ctx, error) => console.error(error));
provider.on('backchannel.error', (_ctx, error) => console.error(error));
provider.listen(port, '127.0.0.1');
