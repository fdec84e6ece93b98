// An OpenID provider that lies as it is told: whoever is led there is Mallory at once.
//
//   node liar.mjs
//
// Prints its issuer once it can be asked. `GET /lie/KIND` says how it lies from then on, `GET
// /called?issuer=…` by which issuer it goes; what a test has to know of what it was asked stands at
// `/told`, as JSON.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from "jose";

const SECRET = "a secret that the test knows";
const { publicKey, privateKey } = await generateKeyPair("RS256");
const { privateKey: strange } = await generateKeyPair("RS256");
const codes = new Map();
let lie = "none";
let called;
let told = { asked: [] };

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.writeHead(500).end(String(error));
  });
});

async function answer(request, response) {
  const { pathname, searchParams: query } = new URL(request.url, issuer());
  told.asked.push(pathname);
  const json = (value, status = 200) => {
    const body = JSON.stringify(value);
    const head = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    response.writeHead(status, head).end(body);
  };
  if (pathname.startsWith("/lie/")) {
    lie = pathname.slice("/lie/".length);
    told = { asked: [] };
    return json({ lie });
  }
  switch (pathname) {
    case "/told":
      return json(told);
    case "/called":
      called = query.get("issuer");
      return json({ called });
    case "/.well-known/openid-configuration":
      return json({
        issuer: issuer(),
        authorization_endpoint: `${issuer()}/authorize`,
        token_endpoint: `${issuer()}/token`,
        userinfo_endpoint: `${issuer()}/me`,
        jwks_uri: lie === "keys-in-clear" ? "http://192.0.2.1/keys" : `${issuer()}/keys`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256", "none", "HS256"],
        authorization_response_iss_parameter_supported: true,
      });
    case "/keys":
      return json({ keys: [{ ...(await exportJWK(publicKey)), alg: "RS256", use: "sig", kid: "1" }] });
    case "/authorize":
      return authorize(query, response);
    case "/token":
      return token(request, response, json);
    case "/me":
      if (lie === "no-user") return json({}, 403);
      return json({ sub: lie === "user" ? "somebody" : "mallory", email: "mallory@example.org" });
    default:
      return json({}, 404);
  }
}

function authorize(query, response) {
  told.authorize = Object.fromEntries(query);
  const code = `code-${codes.size}`;
  codes.set(code, { nonce: query.get("nonce"), challenge: query.get("code_challenge") });
  const back = new URL(query.get("redirect_uri"));
  const say = (name, value) => back.searchParams.set(name, value);
  if (lie !== "no-state") say("state", query.get("state") + (lie === "state" ? "x" : ""));
  if (lie === "declined") say("error", "access_denied");
  else say("code", code);
  if (lie !== "no-name") say("iss", lie === "name" ? "http://127.0.0.1:1" : issuer());
  response.writeHead(303, { Location: back.href, "Content-Length": 0 }).end();
}

async function token(request, response, json) {
  let body = "";
  for await (const chunk of request) body += chunk;
  const form = new URLSearchParams(body);
  const known = codes.get(form.get("code"));
  codes.delete(form.get("code"));
  const hash = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
  const basic = Buffer.from(`livestream:${encodeURIComponent(SECRET).replaceAll("%20", "+")}`);
  told.client = request.headers.authorization === `Basic ${basic.toString("base64")}`;
  if (!known || hash !== known.challenge) return json({ error: "invalid_grant" }, 400);
  switch (lie) {
    case "hangs-up":
      return request.socket.destroy();
    case "silent":
      return undefined;
    case "endless":
      response.writeHead(200, { "Content-Type": "application/json" });
      return pour(response);
    case "leads-on":
      return response.writeHead(307, { Location: `${issuer()}/elsewhere` }).end();
    case "html":
      return response.writeHead(200, { "Content-Type": "text/html" }).end("<h1>Hello</h1>");
    case "broken":
      return json({ access_token: 7, token_type: ["bearer"], id_token: {} });
    case "down":
      return json({ error: "server_error" }, 503);
    case "no-client":
      return json({ error: "invalid_client" }, 401);
    default:
      return json({
        access_token: "access",
        token_type: "Bearer",
        id_token: lie === "no-token" ? undefined : await idToken(known.nonce),
      });
  }
}

/// One with whatever is wrong with it.
async function idToken(nonce) {
  const minutes = { "clock-2": 2, "clock+2": -2, "clock-10": 10, "clock+10": -10 }[lie] ?? 0;
  const now = Math.floor(Date.now() / 1000) - minutes * 60;
  const claims = {
    iss: lie === "issuer" ? "https://accounts.example" : issuer(),
    aud: lie === "audience" ? "another" : lie === "audiences" ? ["livestream", "x"] : "livestream",
    sub: { empty: "", long: "m".repeat(300) }[lie] ?? "mallory",
    nonce: lie === "nonce" ? "another" : lie === "no-nonce" ? undefined : nonce,
    iat: { "never-issued": -1e17, "issued-late": 1e300 }[lie] ?? now,
    exp: { expired: now - 600, "for-ever": 1e300 }[lie] ?? now + 600,
    preferred_username: "mallory",
    at_hash: lie === "at-hash" ? "AAAAAAAAAAAAAAAAAAAAAA" : undefined,
  };
  if (lie === "alg-none") return new UnsecuredJWT(claims).encode();
  const header = { alg: lie === "alg-hs256" ? "HS256" : "RS256", kid: lie === "kid" ? "2" : "1" };
  const key =
    lie === "alg-hs256" ? new TextEncoder().encode(SECRET) : lie === "signature" ? strange : privateKey;
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

/// Until whoever reads has had enough.
function pour(response) {
  while (!response.destroyed && response.write(" ".repeat(65536)));
  if (!response.destroyed) response.once("drain", () => pour(response));
}

function issuer() {
  return called ?? `http://127.0.0.1:${server.address().port}`;
}

server.listen(0, "127.0.0.1", () => console.log(issuer()));
