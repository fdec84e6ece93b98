// GitHub's and X's part of OAuth 2.0, as their documents have it: whoever is led there is the octocat.
//
//   node plain.mjs
//
// Prints its address once it can be asked. What it was asked stands at `/told`, as JSON.

import { createHash } from "node:crypto";
import { createServer } from "node:http";

const SECRET = "a secret that the test knows";
const BASIC = `Basic ${Buffer.from(`livestream:${SECRET.replaceAll(" ", "+")}`).toString("base64")}`;
const told = { asked: [], scopes: [] };
let challenge;

const server = createServer(async (request, response) => {
  const { pathname, searchParams: query } = new URL(request.url, here());
  told.asked.push(pathname);
  const json = (value, status = 200) => {
    const body = JSON.stringify(value);
    const head = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    response.writeHead(status, head).end(body);
  };
  const may = request.headers.authorization === "Bearer access" && request.headers["user-agent"];
  switch (pathname) {
    case "/told":
      return json(told);
    case "/login/oauth/authorize":
    case "/i/oauth2/authorize": {
      told.scopes.push(query.get("scope"));
      challenge = query.get("code_challenge");
      const back = new URL(query.get("redirect_uri"));
      back.searchParams.set("code", "code");
      back.searchParams.set("state", query.get("state"));
      return response.writeHead(302, { Location: back.href, "Content-Length": 0 }).end();
    }
    case "/login/oauth/access_token":
    case "/2/oauth2/token": {
      let body = "";
      for await (const chunk of request) body += chunk;
      const form = new URLSearchParams(body);
      const hash = createHash("sha256").update(form.get("code_verifier")).digest("base64url");
      // GitHub takes the secret in the body, X in the head; GitHub refuses with a 200.
      const is_github = pathname.startsWith("/login");
      const knows = is_github
        ? form.get("client_id") === "livestream" && form.get("client_secret") === SECRET
        : request.headers.authorization === BASIC;
      if (!knows || hash !== challenge || form.get("code") !== "code") {
        return json({ error: "bad_verification_code" }, is_github ? 200 : 400);
      }
      return json({ access_token: "access", token_type: "bearer", scope: "read:user,user:email" });
    }
    case "/api/v3/user":
      return may ? json({ id: 583231, login: "octocat", name: null }) : json({}, 401);
    case "/api/v3/user/emails":
      return json([{ email: "octocat@example.org", primary: true, verified: true }]);
    case "/api/v3/user/orgs":
      return json([{ login: "example" }]);
    case "/2/users/me":
      return may ? json({ data: { id: "2244994945", username: "xdev" } }) : json({}, 401);
    default:
      return json({}, 404);
  }
});

function here() {
  return `http://127.0.0.1:${server.address().port}`;
}

server.listen(0, "127.0.0.1", () => console.log(here()));
